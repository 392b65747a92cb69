import { kernelText } from '../../../src/command/kernel-text.js';
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import test from 'node:test';
import { errnoText } from '../../../src/text/errno-text.js';
import { describeFailure, type CommandKind } from '../../../src/command/failure.js';
import {
  DecodeError,
  DocumentError,
  errnoName,
  InputError,
  type IpvsError,
  KernelError,
  LockedError,
  LookError,
  OutputError,
  TransportError,
  UnavailableError,
  UsageError,
  ValueError,
} from '../../../src/errors.js';
import type { Change } from '../../../src/model/change.js';
import { FakeIo } from '../support/fake-io.js';

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

const cannot = "Can't initialize ipvs: ";
const sure = '\nAre you sure that IP Virtual Server is built in the kernel or as module?';
const statuses = (
  listing: number,
  change: number,
  exporting: number,
  diff: number,
  apply: number,
  doctor: number,
): Record<CommandKind, number> => ({ listing, change, export: exporting, diff, apply, doctor });

/** What is reported, and with which exit status by kind of command. */
const failures: readonly (readonly [
  what: string,
  error: IpvsError,
  text: string,
  status: Record<CommandKind, number>,
])[] = [
  [
    'a fault of scanning',
    new UsageError('scan', '-q: unknown option'),
    '-q: unknown option',
    statuses(255, 255, 255, 255, 255, 255),
  ],
  ['a wrong value', new UsageError('usage', 'illegal weight'), 'illegal weight', statuses(2, 2, 2, 2, 2, 2)],
  ['no command', new UsageError('try', 'Try ...'), 'Try ...', statuses(255, 255, 255, 255, 255, 255)],
  ['a refused change', new KernelError(17, 'add-service', 'x'), 'Service already exists', statuses(1, 255, 1, 2, 1, 2)],
  ['a refused listing', new KernelError(3, 'list', 'x'), 'No such service', statuses(1, 255, 1, 2, 1, 2)],
  ['no IPVS', new UnavailableError(92), `${cannot}Protocol not available${sure}`, statuses(2, 2, 2, 2, 2, 2)],
  [
    'missing rights',
    new UnavailableError(1),
    `${cannot}Permission denied (you must be root)${sure}`,
    statuses(2, 2, 2, 2, 2, 2),
  ],
  ['lost replies', new TransportError('lost'), 'ipvsadm: lost', statuses(1, 255, 1, 2, 1, 2)],
  ['a garbled reply', new DecodeError('X: missing'), 'ipvsadm: X: missing', statuses(1, 255, 1, 2, 1, 2)],
  ['output that failed', new OutputError('full'), 'ipvsadm: full', statuses(1, 1, 1, 2, 1, 2)],
  [
    'input that failed',
    new InputError('x', Object.assign(new Error(), { errno: -21 })),
    "ipvsadm: can't read x: Is a directory",
    statuses(1, 1, 1, 2, 2, 2),
  ],
  ['a bad document', new DocumentError('x:1: bad', 'x', []), 'ipvsadm: x:1: bad', statuses(2, 2, 1, 2, 2, 2)],
  ['a bad value', new ValueError('too long'), 'ipvsadm: too long', statuses(1, 1, 1, 2, 2, 2)],
  ['a lock that is held', new LockedError('process 7'), 'ipvsadm: process 7', statuses(1, 1, 1, 2, 1, 2)],
  ['a program that failed', new LookError('ip'), 'ipvsadm: ip', statuses(1, 1, 1, 2, 2, 2)],
];

const powerless = new FakeIo({ capabilities: 0n });

for (const [what, error, text, status] of failures) {
  test(`reports ${what}, and ends with the status of the kind of command`, () => {
    for (const kind of Object.keys(status) as CommandKind[]) {
      assert.deepEqual(describeFailure(error, powerless, kind), { text, status: status[kind] }, kind);
    }
  });
}

test('names the missing capability where a process that has all of them may not', () => {
  const { text } = describeFailure(new UnavailableError(1), new FakeIo(), 'listing');
  const [first, second, third, ...more] = text.split('\n');
  assert.deepEqual(
    [`${first ?? ''}\n${second ?? ''}`, more],
    [`${cannot}Permission denied (you must be root)${sure}`, []],
  );
  assert.match(third ?? '', /^ipvsadm: IPVS needs CAP_NET_ADMIN in the initial user namespace; /);
});

test('passes a fault of the program itself on', () => {
  assert.throws(() => describeFailure(new TypeError('oops'), powerless, 'change'), TypeError);
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
