import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Executables } from './faults/executables.js';

/** A line of shell with a fault in it, and how it has to end. The table must be what it was. */
interface Fault {
  readonly what: string;
  readonly line: string;
  readonly status: number;
  /** Nothing at all where absent. */
  readonly stderr?: RegExp;
  /** Nothing at all where absent. */
  readonly stdout?: RegExp;
}

const noRights = 'setpriv --bounding-set=-net_admin --inh-caps=-net_admin';
const notAllowed =
  /^Can't initialize ipvs: Permission denied \(you must be root\)\nAre you sure that IP Virtual Server is built in the kernel or as module\?\n$/;

const commands: readonly (readonly [what: string, line: string])[] = [
  ['a listing', 'ipvsadm -Ln'],
  ['a dump', 'ipvsadm-save -n'],
  ['a change', 'ipvsadm -D -t 10.0.0.1:80'],
  ['emptying the table', 'ipvsadm -C'],
  ['a restore', 'echo "-C" | ipvsadm -R'],
  ['replacing the table', 'echo "-A -t 10.0.0.9:80" | ipvsadm-restore'],
];

/** The last command of a line is the one that the words are put in front of. */
function prefixed(prefix: string, line: string): string {
  return line.replace(/ipvsadm(?=(-\w+)?( |$))(?!.*\|)/, (name) => `${prefix} ${name}`);
}

const privileges: readonly Fault[] = commands.map(([what, line]) => ({
  what: `${what} without CAP_NET_ADMIN`,
  line: prefixed(noRights, line),
  status: 2,
  stderr: notAllowed,
}));

const versionLine = /^ipvsadm v1\.31 /;

const privilegesNotNeeded: readonly Fault[] = [
  { what: 'the version without CAP_NET_ADMIN', line: `${noRights} ipvsadm -v`, status: 0, stdout: versionLine },
  { what: 'the help without CAP_NET_ADMIN', line: `${noRights} ipvsadm -h`, status: 0, stdout: versionLine },
];

const fullDisk = /^ipvsadm(-save)?: can't write standard output: No space left on device\n$/;

const outputs: readonly Fault[] = [
  ...[
    ...['ipvsadm -Ln', 'ipvsadm -Sn', 'ipvsadm-save -n', 'ipvsadm -L --timeout', 'ipvsadm -h', 'ipvsadm -v'],
    ...['ipvsadm export', 'ipvsadm status', 'ipvsadm diff --help'],
  ].flatMap((line): Fault[] => [
    { what: `${line}: standard output full`, line: `${line} >/dev/full`, status: 1, stderr: fullDisk },
    // Node opens /dev/null in its place, and the original does not report it either.
    { what: `${line}: standard output closed`, line: `${line} >&-`, status: 0 },
  ]),
  { what: 'a change that has no standard output', line: 'ipvsadm --set 0 0 0 >&-', status: 0 },
  { what: 'a change whose standard output is full', line: 'ipvsadm --set 0 0 0 >/dev/full', status: 0 },
  {
    what: 'a restore that shows something on a full disk',
    line: 'echo "-Ln" | ipvsadm -R >/dev/full',
    status: 1,
    stderr: /^(line 1|ipvsadm): [^\n]*No space left on device\n$/,
  },
  {
    what: 'a reader that goes away at once',
    line: 'ipvsadm -Ln | true',
    status: 0,
  },
  {
    what: 'a reader that wants one line',
    line: 'ipvsadm -Ln | head -1',
    status: 0,
    stdout: /^IP Virtual Server version [^\n]+\n$/,
  },
  {
    what: 'a reader that went away before anything was written',
    line: '{ sleep 1.5; ipvsadm -Ln; echo $? >piped; } | true; sleep 2.5; cat piped',
    status: 0,
    stdout: /^0\n$/,
  },
  { what: 'a usage error with standard error full', line: 'ipvsadm -A 2>/dev/full', status: 2 },
  { what: 'a scanning error with standard error full', line: 'ipvsadm -L --nosuch 2>/dev/full', status: 255 },
  { what: 'a refused change with standard error full', line: 'ipvsadm -D -f 99 2>/dev/full', status: 255 },
  { what: 'a usage error with standard error closed', line: 'ipvsadm -A 2>&-', status: 2 },
  { what: 'a refused change with standard error closed', line: 'ipvsadm -D -f 99 2>&-', status: 255 },
];

const stdinFaults: readonly (readonly [what: string, input: string, status: number, stderr: RegExp])[] = [
  ['a directory', '</', 1, /^ipvsadm(-restore)?: can't read standard input: [^\n]*directory[^\n]*\n$/],
  ['a NUL byte in a rule', '<nul', 2, /^line 1: a NUL byte in a rule\n$/],
  ['zeros without end', '<zeros', 2, /^line 1: (longer than \d+ bytes|a NUL byte in a rule)\n$/],
  ['a line of 10 MB', '<long', 2, /^line 1: longer than \d+ bytes\n$/],
  ['a line of 10 MB of two-byte letters', '<long-letters', 2, /^line 1: longer than \d+ bytes\n$/],
  ['10 MB without a newline', '<endless', 2, /^line 1: longer than \d+ bytes\n$/],
  ['broken UTF-8', '<broken', 2, /^line 1: illegal virtual server address\[:port\] specified\n$/],
];

const inputs: readonly Fault[] = [
  { what: 'standard input of -R: closed', line: 'ipvsadm -R <&-', status: 0 },
  ...stdinFaults.flatMap(([what, input, status, stderr]): Fault[] => [
    { what: `standard input of -R: ${what}`, line: `ipvsadm -R ${input}`, status, stderr },
    { what: `standard input of ipvsadm-restore: ${what}`, line: `ipvsadm-restore ${input}`, status, stderr },
  ]),
];

const rubbish: readonly Fault[] = [
  // The line is no command, so that it ends the run.
  { what: 'rubbish for -R', line: 'ipvsadm -R <rubbish', status: 255, stderr: /^line 1: Try [^\n]+\n$/ },
  // All lines are checked before anything is done, and all are reported.
  { what: 'rubbish for a replacement', line: 'ipvsadm-restore <rubbish', status: 2, stderr: /^(line \d+: [^\n]+\n)+$/ },
];

const table = `-A -t 10.0.0.1:80 -s rr -p 60
-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 5 -x 20 -y 10
-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 7
-A -u [2001:db8::1]:53 -s wrr
-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 1
-A -f 7 -s sh
`;

let executables: Executables;
let untouched: string;

before(async () => {
  executables = new Executables();
  executables.write('table', table);
  executables.write('nul', '-C\0\n');
  executables.write('zeros', Buffer.alloc(200_000));
  executables.write('long', `-D -t 10.0.0.1:80 ${'x'.repeat(10_000_000)}\n-C\n`);
  executables.write('long-letters', `-D -t 10.0.0.1:80 ${'é'.repeat(5_000_000)}\n-C\n`);
  executables.write('endless', `-D -t 10.0.0.1:80${' '.repeat(10_000_000)}`);
  executables.write('broken', Buffer.concat([Buffer.from('-D -t '), Buffer.of(0xff, 0xc3), Buffer.from(':80\n-C\n')]));
  // Always the same, and without any byte that is a letter of ASCII: no command can be among them.
  executables.write(
    'rubbish',
    Uint8Array.from({ length: 5000 }, (_, index) => 128 + ((index * 73) % 127)),
  );
  const { stderr, status } = await executables.run('/sbin/ipvsadm -C && /sbin/ipvsadm -R <table');
  assert.deepEqual({ stderr, status }, { stderr: '', status: 0 });
  untouched = await executables.table();
  assert.match(untouched, /^-A .*\n-a /m);
});

after(() => {
  executables.close();
});

for (const { what, line, status, stderr, stdout } of [
  ...privileges,
  ...privilegesNotNeeded,
  ...outputs,
  ...inputs,
  ...rubbish,
]) {
  test(`${what}: ${line}`, async () => {
    const outcome = await executables.run(line);
    if (stderr === undefined) assert.equal(outcome.stderr, '');
    else assert.match(outcome.stderr, stderr);
    if (stdout === undefined) assert.equal(outcome.stdout, '');
    else assert.match(outcome.stdout, stdout);
    assert.equal(outcome.status, status);
    assert.equal(await executables.table(), untouched);
  });
}
