import { kernelText } from '../../../src/command/kernel-text.js';
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import test from 'node:test';
import { errnoText } from '../../../src/text/errno-text.js';
import { describeFailure } from '../../../src/command/failure.js';
import {
  DecodeError,
  errnoName,
  KernelError,
  OutputError,
  TransportError,
  UnavailableError,
  UsageError,
  ValueError,
} from '../../../src/errors.js';
import type { Change } from '../../../src/model/change.js';

type Operation = Change['kind'] | 'list';
type ErrnoName = keyof typeof constants.errno;

/** What the original says by command and error number. */
const texts: readonly (readonly [operations: readonly Operation[], errno: ErrnoName, text: string])[] = [
  [['add-service'], 'EEXIST', 'Service already exists'],
  [['add-service', 'edit-service'], 'ENOENT', 'Scheduler or persistence engine not found'],
  [['edit-service', 'delete-service', 'zero', 'list'], 'ESRCH', 'No such service'],
  [['add-server', 'edit-server', 'delete-server'], 'ESRCH', 'Service not defined'],
  [['add-server'], 'EEXIST', 'Destination already exists'],
  [['edit-server', 'delete-server'], 'ENOENT', 'No such destination'],
  [['start-daemon'], 'EEXIST', 'Daemon has already run'],
  [['stop-daemon'], 'ESRCH', 'No daemon is running'],
  [['add-service', 'list', 'flush'], 'EPERM', 'Permission denied (you must be root)'],
  [
    ['add-server', 'set-timeouts'],
    'EINVAL',
    'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ],
  [['zero'], 'ENOPROTOOPT', 'Protocol not available'],
  [['flush'], 'ENOMEM', 'Memory allocation problem'],
  [['add-server'], 'EOPNOTSUPP', 'Operation not supported with IPv6'],
  [['add-service'], 'EAFNOSUPPORT', 'Operation not supported with specified address family'],
  [['list'], 'EMSGSIZE', 'Module is wrong version'],
  [['add-server'], 'ERANGE', 'Numerical result out of range'],
  [['start-daemon'], 'ENODEV', 'No such device'],
  [['start-daemon'], 'EADDRNOTAVAIL', 'Cannot assign requested address'],
  // What means something for one command means nothing special for another.
  [['delete-service', 'flush'], 'EEXIST', 'File exists'],
  [['delete-service', 'add-server', 'list'], 'ENOENT', 'No such file or directory'],
  [['add-service', 'start-daemon'], 'ESRCH', 'No such process'],
  [['add-service'], 'EDQUOT', 'Disk quota exceeded'],
];

for (const [operations, errno, text] of texts) {
  for (const operation of operations) {
    test(`says "${text}" where ${operation} ends in ${errno}`, () => {
      assert.equal(kernelText(constants.errno[errno], operation), text);
    });
  }
}

/** strerror of the C library (glibc 2.36). */
const errnoTexts: readonly (readonly [errno: number, text: string])[] = [
  [1, 'Operation not permitted'],
  [5, 'Input/output error'],
  [9, 'Bad file descriptor'],
  [21, 'Is a directory'],
  [28, 'No space left on device'],
  [34, 'Numerical result out of range'],
  [40, 'Too many levels of symbolic links'],
  [41, 'Unknown error 41'],
  [58, 'Unknown error 58'],
  [84, 'Invalid or incomplete multibyte or wide character'],
  [95, 'Operation not supported'],
  [105, 'No buffer space available'],
  [122, 'Disk quota exceeded'],
  [133, 'Memory page has hardware error'],
  [134, 'Unknown error 134'],
  [999, 'Unknown error 999'],
];

for (const [errno, text] of errnoTexts) {
  test(`words error ${errno} as the C library does: ${text}`, () => {
    assert.equal(errnoText(errno), text);
  });
}

test('has a text for every error number that Node has a name for', () => {
  for (const [name, errno] of Object.entries(constants.errno)) {
    assert.doesNotMatch(errnoText(errno), /^Unknown error/, name);
  }
});

const failures: readonly (readonly [what: string, error: Error, changing: boolean, text: string, status: number])[] = [
  ['a fault of scanning', new UsageError('scan', '-q: unknown option'), true, '-q: unknown option', 255],
  ['a wrong value', new UsageError('usage', 'illegal weight specified'), true, 'illegal weight specified', 2],
  ['no command', new UsageError('try', 'Try ...'), false, 'Try ...', 255],
  ['a refused change', new KernelError(17, 'add-service', 'x'), true, 'Service already exists', 255],
  ['a refused listing', new KernelError(3, 'list', 'x'), false, 'No such service', 1],
  [
    'no IPVS',
    new UnavailableError(92),
    true,
    "Can't initialize ipvs: Protocol not available\nAre you sure that IP Virtual Server is built in the kernel or as module?",
    2,
  ],
  ['lost answers of a listing', new TransportError('lost'), false, 'ipvsadm: lost', 1],
  ['lost answers of a change', new TransportError('lost'), true, 'ipvsadm: lost', 255],
  ['a garbled answer', new DecodeError('X: missing'), false, 'ipvsadm: X: missing', 1],
  ['a garbled answer to a change', new DecodeError('X: missing'), true, 'ipvsadm: X: missing', 255],
  ['output that failed', new OutputError('full'), false, 'ipvsadm: full', 1],
];

for (const [what, error, changing, text, status] of failures) {
  test(`tells of ${what} and ends with ${status}`, () => {
    assert.deepEqual(describeFailure(error, 'ipvsadm', changing), { text, status });
  });
}

test('passes a fault of the program itself on', () => {
  assert.throws(() => describeFailure(new TypeError('oops'), 'ipvsadm', true), TypeError);
});

/** Programs test the code, so it is part of the contract. */
const codes: readonly (readonly [error: { code: string; name: string }, code: string, name: string])[] = [
  [new UsageError('usage', ''), 'IPVS_USAGE', 'UsageError'],
  [new KernelError(17, 'add-service', ''), 'IPVS_KERNEL', 'KernelError'],
  [new UnavailableError(92), 'IPVS_UNAVAILABLE', 'UnavailableError'],
  [new TransportError(''), 'IPVS_TRANSPORT', 'TransportError'],
  [new DecodeError(''), 'IPVS_DECODE', 'DecodeError'],
  [new ValueError(''), 'IPVS_VALUE', 'ValueError'],
  [new OutputError(''), 'IPVS_OUTPUT', 'OutputError'],
];

for (const [error, code, name] of codes) {
  test(`a ${name} has the code ${code}`, () => {
    assert.equal(error.code, code);
    assert.equal(error.name, name);
  });
}

test('a refusal says what was asked for, and by which name the kernel refused it', () => {
  const error = new KernelError(17, 'add-service', 'TCP 192.0.2.1:80');
  assert.equal(error.message, 'add-service TCP 192.0.2.1:80: EEXIST');
  assert.equal(error.errnoName, 'EEXIST');
  assert.equal(new KernelError(3, 'flush', '').message, 'flush: ESRCH');
});

test('an error number without a name has a description', () => {
  assert.match(errnoName(999), /999/);
});
