import assert from 'node:assert/strict';
import test from 'node:test';
import { constants } from 'node:os';
import { outcomeOf } from '../../../src/checkers/failures.js';
import { InputError } from '../../../src/errors.js';

const { errno } = constants;

/** An error as Node.js makes it of a failed system call. */
const failed = (code: keyof typeof errno): Error =>
  Object.assign(new Error(`connect ${code}`), { code, errno: -errno[code], syscall: 'connect' });

const kinds: Readonly<Record<string, readonly (keyof typeof errno)[]>> = {
  unreachable: ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPIPE'],
  unknown: [
    ...(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN', 'EPERM', 'EACCES'] as const),
    ...(['EADDRNOTAVAIL', 'EADDRINUSE', 'EINVAL', 'ENETDOWN', 'EAFNOSUPPORT'] as const),
  ],
};

for (const [kind, codes] of Object.entries(kinds)) {
  test(`errors of the system after which a server is ${kind}`, () => {
    for (const code of codes) {
      // While TLS is being set up they mean the same.
      for (const securing of [false, true]) assert.equal(outcomeOf(failed(code), securing).kind, kind, code);
    }
  });
}

test('what is wrong with TLS is an answer, but for what this host lacks', () => {
  const coded = (code: string, more = {}): Error => Object.assign(new Error('a message'), { code, ...more });
  assert.deepEqual(outcomeOf(coded('ERR_SSL_X', { reason: 'an alert' })), { kind: 'said-no', reason: 'TLS: an alert' });
  assert.deepEqual(outcomeOf(coded('EPROTO', { errno: -71 }), true), { kind: 'said-no', reason: 'TLS: a message' });
  assert.equal(outcomeOf(coded('CERT_HAS_EXPIRED'), true).kind, 'said-no');
  assert.equal(outcomeOf(coded('ERR_SSL_NO_PROTOCOLS_AVAILABLE'), true).kind, 'unknown');
});

test('a fault of this program is no fault of a server', () => {
  assert.deepEqual(outcomeOf(new TypeError('x is not\na function')), {
    kind: 'unknown',
    reason: 'this host: x is not',
  });
  assert.deepEqual(outcomeOf('text'), { kind: 'unknown', reason: 'text' });
  assert.deepEqual(outcomeOf(new InputError('/etc/x\n', failed('EACCES'))), {
    kind: 'unknown',
    reason: "can't read /etc/x?: Permission denied",
  });
});
