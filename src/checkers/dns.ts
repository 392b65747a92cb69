import { randomInt } from 'node:crypto';
import { canonicalAddress } from '../model/address-kind.js';
import type { Outcome } from '../health/outcome.js';
import { counted } from '../text/counted.js';
import type { Attempt } from './attempt.js';
import { converse, type Conversation, type Listener } from './conversation.js';
import { exchange } from './datagrams.js';
import { decodeReply, encodeQuestion, plainName, type Answer, type Question, type Reply } from './dns-message.js';
import { closedEarly } from './failures.js';
import { quoted, shown } from './shown.js';
import type { CheckOf, TargetOf } from './target.js';

/** Bytes before a message over TCP: its length. */
const prefix = 2;

/** Whether a record has that data: all of it, or one of its parts, such as the host of an MX. */
function hasData({ type, parts }: Answer, expected: string): boolean {
  if (type === 'TXT') return parts[0] === expected;
  const wanted = canonicalAddress(expected) ?? plainName(expected);
  return [parts.join(' '), ...parts].some((part) => plainName(part) === wanted);
}

function judge({ expectCode, expectAnswer }: CheckOf<'dns'>, { code, isTruncated, answers }: Reply): Outcome {
  if (!expectCode.some((expected) => expected === code)) {
    return { kind: 'said-no', reason: `${code} instead of ${expectCode.join(' or ')}` };
  }
  if (expectAnswer !== undefined && !answers.some((answer) => hasData(answer, expectAnswer))) {
    const [first] = answers;
    const found = first === undefined ? 'none' : quoted(first.parts.join(' '));
    return { kind: 'said-no', reason: `no answer is ${quoted(expectAnswer)}; the first is ${found}` };
  }
  return { kind: 'pass', reason: isTruncated ? `${code}, truncated` : `${code}, ${counted(answers.length, 'answer')}` };
}

const malformed: Outcome = { kind: 'said-no', reason: 'its reply is malformed' };

/** Reads the one message that a server sends by TCP. */
class DnsListener implements Listener {
  readonly #attempt: Attempt;
  readonly #message: Buffer;
  readonly #judge: (reply: Buffer) => Outcome;
  #received: Buffer = Buffer.alloc(0);

  constructor(attempt: Attempt, message: Buffer, judgeReply: (reply: Buffer) => Outcome) {
    this.#attempt = attempt;
    this.#message = message;
    this.#judge = judgeReply;
  }

  ready(conversation: Conversation): void {
    const length = Buffer.alloc(prefix);
    length.writeUInt16BE(this.#message.length);
    conversation.write(Buffer.concat([length, this.#message]));
  }

  data(chunk: Buffer, conversation: Conversation): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#received.length < prefix) return;
    const end = prefix + this.#received.readUInt16BE();
    if (this.#received.length < end) return;
    conversation.finish(this.#judge(this.#received.subarray(prefix, end)), 'shutdown');
  }

  ended(): void {
    this.#attempt.lost(closedEarly);
  }
}

function askByTcp(attempt: Attempt, target: TargetOf<'dns'>, message: Buffer, question: Question): void {
  const listener = new DnsListener(attempt, message, (bytes) => {
    const reply = decodeReply(bytes, question);
    return typeof reply === 'string' ? malformed : judge(target.check, reply);
  });
  converse(attempt, target, listener);
}

/** Asks a server of DNS a question. */
export function askDns(attempt: Attempt, target: TargetOf<'dns'>): void {
  const { check } = target;
  const question: Question = { id: randomInt(1 << 16), name: check.name, type: check.recordType };
  const message = encodeQuestion(question);
  if (message === undefined) {
    attempt.end({ kind: 'unknown', reason: `not a domain name: ${shown(check.name)}` });
  } else if (check.transport === 'tcp') askByTcp(attempt, target, message, question);
  else {
    let isByTcp = false;
    exchange(attempt, target, message, (bytes) => {
      const reply = decodeReply(bytes, question);
      // Whoever sent that, it is not what was asked for: the reply may still come.
      if (isByTcp || reply === 'other') return;
      if (reply === 'malformed') attempt.end(malformed);
      else if (reply.isTruncated && check.expectAnswer !== undefined) {
        isByTcp = true;
        askByTcp(attempt, target, message, question);
      } else attempt.end(judge(check, reply));
    });
  }
}
