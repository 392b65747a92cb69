import type { Passed } from '../health/outcome.js';
import type { Attempt } from './attempt.js';
import { converse, type Closing, type Conversation, type Listener } from './conversation.js';
import { bytesOf, expectText, longestText, type Expectation } from './expectation.js';
import { closedEarly } from './failures.js';
import { perCheck, type CheckOf, type TargetOf } from './target.js';
import { tlsOptions } from './tls-client.js';

/** After so many pieces, what was received is looked at only when it is whole: a server may send single bytes. */
const manyPieces = 256;

interface Script {
  readonly send: Buffer | undefined;
  readonly expect: Expectation | undefined;
  readonly closing: Closing;
  readonly refused: Passed | undefined;
}

const scriptOf = perCheck(({ send, expect, close, refusedIsUp }: CheckOf<'tcp'>): Script => ({
  send: send === undefined ? undefined : bytesOf(send),
  expect: expect === undefined ? undefined : expectText(expect),
  closing: close === 'reset' ? 'reset' : 'shutdown',
  refused: refusedIsUp ? { kind: 'pass', reason: 'refused the connection: the host is up' } : undefined,
}));

class TcpListener implements Listener {
  readonly #attempt: Attempt;
  readonly #script: Script;
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #seen = 0;

  constructor(attempt: Attempt, script: Script) {
    this.#attempt = attempt;
    this.#script = script;
  }

  ready(conversation: Conversation): void {
    const { send, expect, closing } = this.#script;
    if (expect !== undefined) {
      if (send !== undefined) conversation.write(send);
      return;
    }
    const pass = (): void => {
      conversation.pass({ reason: 'connected' }, closing);
    };
    if (send === undefined) pass();
    else conversation.write(send, pass);
  }

  data(chunk: Buffer, conversation: Conversation): void {
    const { expect, closing } = this.#script;
    if (expect === undefined) return;
    // It has answered, only not with that.
    this.#attempt.silence = { kind: 'said-no', reason: missing(expect) };
    this.#pieces.push(chunk);
    this.#length += chunk.length;
    const isFull = this.#length >= longestText;
    if (!isFull && this.#pieces.length > manyPieces) return;
    if (this.#hasAnswered(expect)) conversation.pass({ reason: `answered with ${expect.text}` }, closing);
    else if (isFull) conversation.sayNo(missing(expect), closing);
  }

  ended(conversation: Conversation): void {
    const { expect, closing } = this.#script;
    if (expect === undefined) return;
    if (this.#length === 0) conversation.finish(closedEarly, closing);
    else if (this.#hasAnswered(expect)) conversation.pass({ reason: `answered with ${expect.text}` }, closing);
    else conversation.sayNo(missing(expect), closing);
  }

  #hasAnswered(expect: Expectation): boolean {
    const from = Math.max(0, this.#seen - expect.overlap);
    this.#seen = this.#length;
    return expect.matches(Buffer.concat(this.#pieces).subarray(0, longestText), from);
  }
}

function missing({ text }: Expectation): string {
  return `the reply does not contain ${text}`;
}

/** Connects; sends and expects what the check says. */
export function askTcp(attempt: Attempt, target: TargetOf<'tcp'>): void {
  const { check, address } = target;
  const script = scriptOf(check);
  const tls = check.tls === undefined ? undefined : tlsOptions(check.tls, undefined, address);
  converse(attempt, target, new TcpListener(attempt, script), tls, script.refused);
}
