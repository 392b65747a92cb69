import type { Attempt } from './attempt.js';
import { exchange } from './datagrams.js';
import { bytesOf, expectContained, type Expectation } from './expectation.js';
import { perCheck, type CheckOf, type TargetOf } from './target.js';

/** The word that stands for whatever a reply is. */
const anything = 'any';

interface Script {
  readonly message: Buffer;
  /** Undefined: whatever it is. */
  readonly expect: Expectation | undefined;
}

const scriptOf = perCheck(({ send = '', expect = anything }: CheckOf<'udp'>): Script => ({
  message: bytesOf(send),
  expect: expect === anything ? undefined : expectContained(expect),
}));

/** Sends a datagram and judges the first reply. */
export function askUdp(attempt: Attempt, target: TargetOf<'udp'>): void {
  const { message, expect } = scriptOf(target.check);
  if (target.check.assumeUp) attempt.silence = { kind: 'pass', reason: 'no answer, and nobody refused' };
  exchange(attempt, target, message, (reply) => {
    if (expect === undefined) attempt.end({ kind: 'pass', reason: 'answered' });
    else if (expect.matches(reply)) attempt.end({ kind: 'pass', reason: `answered with ${expect.text}` });
    else attempt.end({ kind: 'said-no', reason: `the reply does not contain ${expect.text}` });
  });
}
