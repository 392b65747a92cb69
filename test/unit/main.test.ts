import assert from 'node:assert/strict';
import test from 'node:test';
import { OutputError, TransportError } from '../../src/errors.js';
import { mainRestore, mainSave } from '../../src/main.js';
import { main } from '../main.js';
import { FakeIo, pieces, type FakeSurroundings } from './support/fake-io.js';
import { resultMessage } from './support/netlink-bytes.js';
import {
  captured,
  carriedOut,
  kernelWithIpvs,
  lastOf,
  refusing,
  ScriptedKernel,
  type Answer,
} from './support/scripted-kernel.js';

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  argv: readonly string[] | string,
  surroundings: FakeSurroundings | ScriptedKernel = {},
  program = main,
): Promise<Outcome & { io: FakeIo }> {
  // What is read for `undo` is tested with the verb.
  const env = { IPVSADM_NO_UNDO: '1' };
  const io = new FakeIo(
    surroundings instanceof ScriptedKernel ? { sockets: [surroundings], env } : { env, ...surroundings },
  );
  const words = typeof argv !== 'string' ? argv : argv === '' ? [] : argv.split(' ');
  const status = await program(words, io);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text, io };
}

/** What a person sees of a run. */
function reported({ status, stdout, stderr }: Outcome): Outcome {
  return { status, stdout, stderr };
}

const listing = 'ipvsadm -L -n --stats --exact';
const noIpvs = (): ScriptedKernel => new ScriptedKernel(refusing({ 0: 2 }));
const unreachable =
  "Can't initialize ipvs: Protocol not available\nAre you sure that IP Virtual Server is built in the kernel or as module?\n";

test('lists the captured table as the original did, the firewall mark as the number it is', async () => {
  const servers = [2, 1, 3, 4, 0].map((index) => captured(listing, 8, index));
  // Order of the listing: marks first (the difference is signed), then TCP, UDP, IPv6.
  const [, web = carriedOut, sip = carriedOut, dns = carriedOut, mark = carriedOut] = servers;
  const [traffic = carriedOut] = servers;
  const kernel = kernelWithIpvs(captured(listing, 4), mark, web, traffic, sip, dns);
  const { status, stdout, stderr } = await run(['-L', '-n', '--stats', '--exact'], kernel);
  assert.equal(
    stdout,
    `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
FWM  4294967295 IPv6                     0        0        0        0        0
  -> 10.0.0.8:0                          0        0        0        0        0
TCP  10.0.0.1:80                         0        0        0        0        0
  -> 10.0.0.7:80                         0        0        0        0        0
  -> [2001:db8::9]:80                    0        0        0        0        0
  -> 127.0.0.1:8080                      0        0        0        0        0
TCP  10.0.0.1:81                         1    73613     4396 4617562284   228600
  -> 10.0.0.1:8080                       1    73613     4396 4617562284   228600
UDP  10.0.0.3:5060                       0        0        0        0        0
UDP  [2001:db8::1]:53                    0        0        0        0        0
`,
  );
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

const daemons =
  'master sync daemon (mcast=eth0, syncid=255, maxlen=1400, group=224.0.0.99, port=8849, ttl=3)\n' +
  'backup sync daemon (mcast=lo, syncid=7, maxlen=65487, group=ff02::99, port=8848, ttl=1)\n';

const withResult =
  (answer: Answer): Answer =>
  (requests) => [...answer(requests), resultMessage(lastOf(requests), 0)];

const shown: readonly (readonly [argv: string, answers: readonly Answer[], stdout: string])[] = [
  ['-L --daemon', [captured('ipvsadm -L --daemon', 11)], daemons],
  ['-L --timeout', [withResult(captured('ipvsadm -L --timeout', 13))], 'Timeout (tcp tcpfin udp): 901 121 301\n'],
  [
    '-Ln -t 10.0.0.1:80',
    [withResult(captured('ipvsadm -L -n -t 10.0.0.1:80', 4)), captured(listing, 8, 1)],
    `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.0.0.1:80 rr
  -> 10.0.0.7:80                  Route   7      0          0${' '.repeat(9)}
  -> [2001:db8::9]:80             Tunnel  1      0          0${' '.repeat(9)}
  -> 127.0.0.1:8080               Masq    2147483647 0          0${' '.repeat(9)}
`,
  ],
];

for (const [argv, answers, stdout] of shown) {
  test(`shows what ${argv} showed when it was captured`, async () => {
    const outcome = reported(await run(argv, kernelWithIpvs(...answers)));
    assert.deepEqual(outcome, { status: 0, stdout, stderr: '' });
  });
}

test('shows help and version without a kernel, a module or a right', async () => {
  for (const argv of ['-h', '--help', '-v', '--version']) {
    const { status, stdout, stderr, io } = await run(argv, { capabilities: 0n });
    assert.equal(status, 0);
    assert.match(stdout, /^ipvsadm v1\.31 /);
    assert.equal(stderr, '');
    assert.deepEqual([io.socketsOpened, io.modulesLoaded], [0, 0]);
  }
});

const lost = new TransportError('the kernel dropped replies: no buffer space (ENOBUFS)');

/** What the kernel answers in place of what was asked for, and what is reported. */
const broken: readonly (readonly [what: string, answer: Answer, stderr: RegExp])[] = [
  ['dropped answers', () => [lost], /^ipvsadm: the kernel dropped replies: no buffer space \(ENOBUFS\)\n$/],
  [
    'an answer cut short',
    (requests) => [resultMessage(lastOf(requests), 0).subarray(0, 30)],
    /^ipvsadm: netlink message of 36 bytes where 30 are left\n$/,
  ],
  [
    'only the reply to another request',
    (requests) => [resultMessage(lastOf(requests) + 7, 0)],
    /^ipvsadm: no reply from the kernel\n$/,
  ],
  ['an impossible error number', (requests) => [resultMessage(lastOf(requests), -5)], /^ipvsadm: [^\n]+\n$/],
];

for (const [what, answer, stderr] of broken) {
  for (const [argv, status] of [
    ['-Ln', 1],
    ['-Sn', 1],
    ['-L --timeout', 1],
    ['-L --daemon', 1],
    ['-A -t 10.0.0.1:80', 255],
    ['-C', 255],
    ['-Z', 255],
  ] as const) {
    test(`${argv} reports ${what} in one line and ends with ${status}`, async () => {
      const kernel = kernelWithIpvs(answer);
      const outcome = await run(argv, kernel);
      assert.match(outcome.stderr, stderr);
      assert.equal(outcome.status, status);
      assert.equal(outcome.stdout, '');
      assert.ok(kernel.closed > 0, 'the socket was left open');
    });
  }

  test(`-R reports ${what} in one line and ends with 255`, async () => {
    const outcome = await run('-R', { sockets: [kernelWithIpvs(answer)], stdin: '-C\n-C\n' });
    assert.match(outcome.stderr, stderr);
    assert.equal(outcome.status, 255);
  });

  test(`the first question of all: ${what} are reported in one line`, async () => {
    const outcome = await run('-Ln', new ScriptedKernel(answer));
    assert.match(outcome.stderr, stderr);
    assert.equal(outcome.status, 1);
  });
}

const unexpected: readonly (readonly [errno: number, text: string])[] = [
  [95, 'Operation not supported with IPv6'],
  [122, 'Disk quota exceeded'],
  [40, 'Too many levels of symbolic links'],
  [999, 'Unknown error 999'],
];

for (const [errno, text] of unexpected) {
  test(`reports the unexpected error ${errno} in one line: ${text}`, async () => {
    for (const [argv, status] of [
      ['-A -t 10.0.0.1:80', 255],
      ['-L --timeout', 1],
    ] as const) {
      const outcome = reported(await run(argv, kernelWithIpvs(refusing({ 0: errno }))));
      assert.deepEqual(outcome, { status, stdout: '', stderr: `${text}\n` });
    }
  });
}

test('loads the module once where there is no IPVS, and goes on', async () => {
  const { status, stdout, io } = await run('-L --daemon', {
    sockets: [noIpvs(), kernelWithIpvs(captured('ipvsadm -L --daemon', 11))],
  });
  assert.deepEqual({ status, stdout }, { status: 0, stdout: daemons });
  assert.deepEqual([io.modulesLoaded, io.socketsOpened], [1, 2]);
});

for (const argv of ['', '-L', '-Ln', '-S', '-C', '-A -t 10.0.0.1:80', '-R', '-L -c', '-A', '-q']) {
  test(`reports that there is no IPVS for "ipvsadm ${argv}" whatever else is wrong with it, exit 2`, async () => {
    const { io, ...outcome } = await run(argv, { sockets: [noIpvs(), noIpvs()] });
    assert.deepEqual(outcome, { status: 2, stdout: '', stderr: unreachable });
    assert.equal(io.modulesLoaded, 1);
  });
}

test('blames missing rights where there is no IPVS and it can not be known', async () => {
  const { status, stderr } = await run('-L', { sockets: [noIpvs(), noIpvs()], capabilities: 0n });
  assert.equal(status, 2);
  assert.match(stderr, /^Can't initialize ipvs: Permission denied \(you must be root\)\n/);
});

test('reports that the kernel does not let us, exit 2', async () => {
  const refusingKernel = () => kernelWithoutRights();
  const { status, stderr } = await run('-L', { sockets: [refusingKernel(), refusingKernel()], capabilities: 0n });
  assert.equal(status, 2);
  assert.match(stderr, /^Can't initialize ipvs: Permission denied \(you must be root\)\n/);
});

function kernelWithoutRights(): ScriptedKernel {
  return new ScriptedKernel(captured('ipvsadm -A -t 10.0.0.1:80', 3), refusing({ 0: 1 }));
}

test('reports in one line that no socket is available', async () => {
  const error = new TransportError("can't open a netlink socket: Too many open files");
  const { status, stderr } = await run('-L', { sockets: [error] });
  assert.deepEqual({ status, stderr }, { status: 1, stderr: `ipvsadm: ${error.message}\n` });
});

const full = new OutputError("can't write standard output: No space left on device");

for (const argv of ['-L --daemon', '-h', '-v']) {
  test(`reports that the output of ${argv} can't be written, exit 1`, async () => {
    const kernel = kernelWithIpvs(captured('ipvsadm -L --daemon', 11));
    const io = new FakeIo({ sockets: [kernel] });
    io.stdout.failure = full;
    assert.equal(await main(argv.split(' '), io), 1);
    assert.equal(io.stderr.text, `ipvsadm: ${full.message}\n`);
  });
}

test('a reader that is gone is no error', async () => {
  const io = new FakeIo({ sockets: [kernelWithIpvs(captured('ipvsadm -L --daemon', 11))] });
  io.stdout.readerGone = true;
  assert.equal(await main(['-L', '--daemon'], io), 0);
  assert.equal(io.stderr.text, '');
});

test('a change does not care about its output', async () => {
  const io = new FakeIo({ sockets: [kernelWithIpvs(carriedOut)], env: { IPVSADM_NO_UNDO: '1' } });
  io.stdout.failure = full;
  assert.equal(await main(['-C'], io), 0);
});

const tooLong = 'x'.repeat(70_000);

/** Standard input that is no rules; nothing may be asked of the kernel but the opening. */
const badInputs: readonly (readonly [what: string, stdin: string | Uint8Array, stderr: RegExp])[] = [
  ['a NUL byte', '-C\0\n', /^line 1: a NUL byte in a rule\n$/],
  ['a NUL byte alone', '\0', /^line 1: a NUL byte in a rule\n$/],
  ['a line that is too long', `${tooLong}\n`, /^line 1: longer than \d+ bytes\n$/],
  [
    'a line that is too long in multi-byte letters',
    `-A -t ${'é'.repeat(40_000)}:80\n`,
    /^line 1: longer than \d+ bytes\n$/,
  ],
  ['a line that is too long and has no end', tooLong.repeat(3), /^line 1: longer than \d+ bytes\n$/],
  ['a long line of blanks', `${' '.repeat(70_000)}-C\n`, /^line 1: longer than \d+ bytes\n$/],
  [
    'broken UTF-8',
    Buffer.concat([Buffer.from('-A -t '), Buffer.of(0xff, 0xfe, 0xc3), Buffer.from(':80\n')]),
    /^line 1: illegal virtual server address\[:port\] specified\n$/,
  ],
  ['a value that makes no sense', '-A -t 10.0.0.1:80 -s rr -p 0\n', /^line 1: invalid timeout value `0' specified\n$/],
  ['a byte order mark', '\ufeff-C\n', /^line 1: [^\n]+\n$/],
];

for (const [what, text, stderr] of badInputs) {
  const stdin = (): AsyncIterable<Uint8Array> => pieces([typeof text === 'string' ? Buffer.from(text) : text]);
  test(`-R reports ${what}, and asks nothing of the kernel`, async () => {
    const outcome = await run('-R', { sockets: [kernelWithIpvs()], stdin: stdin() });
    assert.match(outcome.stderr, stderr);
    assert.ok(outcome.status === 2 || outcome.status === 255);
  });

  test(`ipvsadm-restore reports ${what}, and leaves the table alone`, async () => {
    const outcome = await run('', { sockets: [kernelWithIpvs()], stdin: stdin() }, mainRestore);
    assert.match(outcome.stderr, stderr);
    assert.equal(outcome.status, 2);
  });
}

test('standard input that can not be read is reported in one line, and the table left alone', async () => {
  async function* directory(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield Buffer.from('-D -t 10.0.0.1:8');
    throw Object.assign(new Error('EISDIR: illegal operation on a directory, read'), { code: 'EISDIR' });
  }
  for (const program of [main, mainRestore]) {
    const words = program === main ? '-R' : '';
    const { status, stderr } = await run(words, { sockets: [kernelWithIpvs()], stdin: directory() }, program);
    assert.equal(status, 1);
    assert.match(stderr, /^ipvsadm: can't read standard input: [^\n]+\n$/);
  }
});

test('-R carries on after what the kernel refused, with the number of the line, and ends with 255', async () => {
  const kernel = kernelWithIpvs(refusing({ 1: 17 }));
  const stdin = '# made by hand\n-A -t 10.0.0.1:80\n\nipvsadm -A -t 10.0.0.1:80 # again\n-C\n';
  const outcome = reported(await run('-R', { sockets: [kernel], stdin }));
  assert.deepEqual(outcome, { status: 255, stdout: '', stderr: 'line 4: Service already exists\n' });
  assert.deepEqual(
    kernel.asked
      .at(-1)
      ?.map(({ command }) => command)
      .filter((command) => command !== 0),
    [1, 1, 17],
  );
});

test('-R carries on after a fault of scanning, and stops at a wrong value with what came before done', async () => {
  const kernel = kernelWithIpvs(carriedOut, carriedOut);
  const stdin = '-C\n-C -q\n-C\n-A\n-C\n';
  const outcome = reported(await run('-R', { sockets: [kernel], stdin }));
  assert.deepEqual(outcome, {
    status: 2,
    stdout: '',
    stderr:
      "line 2: -q: unknown option\nline 4: You need to supply the 'service-address' option for the 'add-service' command\n",
  });
  assert.equal(kernel.asked.flat().filter(({ command }) => command === 17).length, 2);
});

test('-R shows what an earlier line asks for before a later one changes it', async () => {
  const kernel = kernelWithIpvs(carriedOut, captured('ipvsadm -L --daemon', 11), carriedOut);
  const { status, stdout } = await run('-R', { sockets: [kernel], stdin: '-C\n-L --daemon\n-C\n' });
  assert.deepEqual({ status, stdout }, { status: 0, stdout: daemons });
  assert.deepEqual(
    kernel.asked
      .slice(2)
      .flat()
      .map(({ command }) => command)
      .filter((command) => command !== 0),
    [17, 11, 17],
  );
});

test('-R acts on the lines that have come without waiting for more', async () => {
  const kernel = kernelWithIpvs(carriedOut, carriedOut);
  async function* slow(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield Buffer.from('-C\n');
    assert.equal(kernel.asked.length, 3, 'the first line is still waiting');
    yield Buffer.from('-Z\n');
  }
  assert.equal((await run('-R', { sockets: [kernel], stdin: slow() })).status, 0);
});

test('ipvsadm-restore clears the table before the rules, once all of them make sense', async () => {
  const kernel = kernelWithIpvs(carriedOut, carriedOut);
  const outcome = await run('', { sockets: [kernel], stdin: '-A -t 10.0.0.1:80\n' }, mainRestore);
  assert.equal(outcome.status, 0);
  assert.deepEqual(
    kernel.asked
      .slice(2)
      .flat()
      .map(({ command }) => command)
      .filter((command) => command !== 0),
    [17, 1],
  );
});

test('ipvsadm-restore reports every line that makes no sense', async () => {
  const stdin = '-A -t 10.0.0.1:80\n-A -w\n-q\n';
  const { status, stderr } = await run('', { sockets: [kernelWithIpvs()], stdin }, mainRestore);
  assert.equal(status, 2);
  assert.match(stderr, /^line 2: -w: missing argument\nline 3: Try [^\n]+\n$/);
});

/** A kernel whose table is empty. */
const emptyTable = (): ScriptedKernel =>
  kernelWithIpvs((requests) => captured('ipvsadm -L --daemon', 11)(requests).slice(-1));

test('ipvsadm-save prints the table as rules', async () => {
  for (const words of ['', '-n', '-n -n']) {
    assert.deepEqual(reported(await run(words, emptyTable(), mainSave)), { status: 0, stdout: '', stderr: '' });
  }
});

/** What scripts and units give to ipvsadm-save, without a shell in between: its exit status, and the first line. */
const saveWords: readonly (readonly [words: string, status: number, first: RegExp])[] = [
  ['-n > /etc/ipvsadm.rules', 2, /^ipvsadm: unexpected argument >$/],
  ['/etc/ipvsadm.rules', 2, /^ipvsadm: unexpected argument \/etc\/ipvsadm\.rules$/],
  ['\u2013n', 2, /^ipvsadm: unexpected argument \u2013n \(its dash is not a hyphen\)$/],
  ['a\u001b[2J', 2, /^ipvsadm: unexpected argument a\?\[2J$/],
  ['-x', 1, /^Usage: ipvsadm \[-n\]$/],
  ['-h', 1, /^Usage: /],
  ['--help', 1, /^Usage: /],
  ['-n -h', 1, /^Usage: /],
];

for (const [words, status, first] of saveWords) {
  test(`ipvsadm-save ${JSON.stringify(words)} is refused with ${status} and says how to save`, async () => {
    const outcome = await run(words, {}, mainSave);
    assert.deepEqual([outcome.status, outcome.stdout], [status, '']);
    const [line = '', ...rest] = outcome.stderr.split('\n');
    assert.match(line, first);
    assert.match(rest.join('\n'), /in a shell: +ipvsadm -n >FILE\n.*ExecStop=\/bin\/sh -c/);
  });
}

/** What scripts and units give to ipvsadm-restore, as systemd does, which has no shell. */
const restoreWords = ['< /etc/ipvsadm.rules', '/etc/ipvsadm.rules', '-n', '--nosuch', '-- x', '\u2013h'];

for (const words of restoreWords) {
  test(`ipvsadm-restore ${words} is refused with 2, leaves the table alone and says how to restore`, async () => {
    for (const stdin of ['', '-A -t 10.0.0.1:80\n']) {
      const { io, ...outcome } = await run(words, { stdin }, mainRestore);
      assert.deepEqual([outcome.status, outcome.stdout, io.socketsOpened], [2, '', 0]);
      assert.match(outcome.stderr, /^ipvsadm: unexpected argument \S.*; the table was not touched\n/);
      assert.match(outcome.stderr, /in a shell: +ipvsadm <FILE\n.*StandardInput=file:/s);
    }
  });
}

for (const words of ['-h', '--help', '-n --help']) {
  test(`ipvsadm-restore ${words} helps, and leaves the table alone`, async () => {
    const { status, stdout, stderr, io } = await run(words, {}, mainRestore);
    assert.deepEqual({ status, stderr, sockets: io.socketsOpened }, { status: 0, stderr: '', sockets: 0 });
    assert.match(stdout, /^Usage: ipvsadm <FILE\n/);
  });
}

const gone: readonly (readonly [line: string, errno: number, text: string])[] = [
  ['-D -t 10.0.0.1:80', 3, 'No such service'],
  ['-d -t 10.0.0.1:80 -r 10.0.0.2:80', 3, 'Service not defined'],
  ['-d -t 10.0.0.1:80 -r 10.0.0.2:80', 2, 'No such destination'],
];

for (const [line, errno, text] of gone) {
  const stdin = `-A -f 1\n${line}\n-A -f 2\n`;

  test(`-R reports ${line} of what is not there (${errno}), which is no failure of the run`, async () => {
    const outcome = reported(await run('-R', { sockets: [kernelWithIpvs(refusing({ 1: errno }))], stdin }));
    assert.deepEqual(outcome, { status: 0, stdout: '', stderr: `line 2: ${text}\n` });
  });

  test(`-R ends with 255 all the same where another line than ${line} (${errno}) is refused`, async () => {
    const outcome = await run('-R', { sockets: [kernelWithIpvs(refusing({ 1: errno, 2: 17 }))], stdin });
    assert.equal(outcome.status, 255);
  });

  test(`${line} of what is not there (${errno}) fails on the command line`, async () => {
    const outcome = reported(await run(line, kernelWithIpvs(refusing({ 0: errno }))));
    assert.deepEqual(outcome, { status: 255, stdout: '', stderr: `${text}\n` });
  });
}

test('-R counts other refusals of a removal', async () => {
  const outcome = await run('-R', { sockets: [kernelWithIpvs(refusing({ 0: 1 }))], stdin: '-D -t 10.0.0.1:80\n' });
  assert.equal(outcome.status, 255);
});

test('-S on a terminal hints that nothing was saved', async () => {
  for (const isTerminal of [true, false]) {
    for (const [words, program] of [
      ['-S', main],
      ['-S -n', main],
      ['-n', mainSave],
    ] as const) {
      const io = new FakeIo({ sockets: [emptyTable()] });
      io.stdout.isTerminal = isTerminal;
      assert.equal(await program(words.split(' '), io), 0);
      const hint = 'ipvsadm: nothing was saved, the table was only shown; to save it: ipvsadm-save -n >FILE\n';
      assert.equal(io.stderr.text, isTerminal ? hint : '');
    }
  }
});

test('messages and examples of verbs name the program without its directory', async () => {
  for (const words of ['export --nosuch', 'export --help', '-h']) {
    const io = Object.assign(new FakeIo(), { programName: '/opt/node/lib/node_modules/.bin/ipvsadm' });
    await main(words.split(' '), io);
    const text = io.stdout.text + io.stderr.text;
    assert.ok(text.includes('ipvsadm'), text);
    assert.ok(!text.includes('/opt'), text);
  }
});

test('a fault of the program itself is not hidden', async () => {
  const kernel = kernelWithIpvs(() => {
    throw new TypeError('oops');
  });
  await assert.rejects(run('-C', kernel), new TypeError('oops'));
  assert.ok(kernel.closed > 0);
});

test('-c reports a line that is no connection, shows the others and ends with 1', async () => {
  const text =
    'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n' +
    'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED     899\n' +
    'what is \u001b[31mthis\n' +
    `UDP 0A000001 13C4 0A000001 13C4 0A000002 13C4 UDP             299 sip ${'x'.repeat(3000)}\n`;
  const { status, stdout, stderr } = await run('-Lcn --persistent-conn', {
    sockets: [kernelWithIpvs()],
    connections: pieces([Buffer.from(text)]),
  });
  assert.equal(status, 1);
  assert.equal(stdout.split('\n').length, 5);
  assert.equal(stderr, '/proc/net/ip_vs_conn: line 3 is no connection: what is ?[31mthis\n');
});

test('-c reports where the connections can not be read', async () => {
  // eslint-disable-next-line require-yield -- a file that can't even be opened
  async function* missing(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    throw new Error('ENOENT: no such file or directory');
  }
  const { status, stdout, stderr } = await run('-Lcn', { sockets: [kernelWithIpvs()], connections: missing() });
  assert.deepEqual(
    { status, stdout, stderr },
    { status: 1, stdout: '', stderr: 'cannot open file /proc/net/ip_vs_conn\n' },
  );
});
