import { ReplyReader, type ReplyKind, type ReplyPayload } from '../../../src/wire/message.js';

/** A message from the kernel, kept. */
export interface Reply {
  readonly kind: ReplyKind;
  readonly sequence: number;
  readonly errno: number;
  /** Counts where there is data. */
  readonly payload: ReplyPayload;
}

/** Takes the message apart that a reader stands at. */
function replyAt({ kind, sequence, errno, view, offset, length }: ReplyReader): Reply {
  return { kind, sequence, errno, payload: { view, offset, length } };
}

/** All messages of datagrams, read one after the other by one reader. */
export function repliesOf(...datagrams: readonly Uint8Array[]): Reply[] {
  const reader = new ReplyReader();
  const replies: Reply[] = [];
  for (const datagram of datagrams) {
    reader.open(datagram);
    while (reader.next()) replies.push(replyAt(reader));
  }
  return replies;
}
