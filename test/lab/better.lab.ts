import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import type { Transport } from '../../src/ports/transport.js';
import { createMachine } from '../../src/edge/machine.js';
import { IpvsClient, type ForwardingMethod, type Tunnel } from '../../src/index.js';
import { Lab, type Case } from './differential.js';
import type { Rules } from './reference.js';
import { ipvsadm } from './run-main.js';
import { nameHosts, OursAsPublished, prepareSituations } from './surroundings.js';

// Each numbered difference of README's "Differences from ipvsadm 1.31", shown on both sides.

const words = (text: string): string[] => text.split(' ');
const rules = (...lines: readonly string[]): Rules => lines.map(words);

/** What a crash leaves behind; a shell may report it. */
const crash = { status: 139, stderr: /^(?:Segmentation fault\n)?$/ } as const;

/** How long a counter may take to show: the kernel brings them up to date every two seconds. */
const settling = 2200;

const situations = {
  confined: 'exec unshare -Ur "$@"',
  powerless: 'exec setpriv --bounding-set=-all --inh-caps=-all "$@"',
  full: 'exec "$@" >/dev/full',
  closed: 'exec "$@" >&-',
  head: '"$@" | head -n 1; exit ${PIPESTATUS[0]}',
  // Each process has a /proc/net of its own, which an exec keeps.
  connections: 'mount --bind "$DIRECTORY" /proc/$$/net && exec "$@"',
  // IPVS goes away while a restore waits for its next line, and comes back when it is over; the kernel would load it when
  // it is asked for the family.
  vanishing: `
modules=$(lsmod | sed -n 's/^\\(ip_vs_[a-z_]*\\) .*/\\1/p')
coproc exec "$@"
input=\${COPROC[1]} process=$COPROC_PID
echo '-A -t 10.0.0.1:80' >&$input
until grep -q 0A000001:0050 /proc/net/ip_vs; do :; done
/sbin/ipvsadm -C
modprobe -r $modules && modprobe -r ip_vs
helper=$(cat /proc/sys/kernel/modprobe)
echo /bin/false >/proc/sys/kernel/modprobe
echo "$LINE" >&$input
eval "exec $input>&-"
wait $process
status=$?
echo "$helper" >/proc/sys/kernel/modprobe
modprobe -a ip_vs $modules
exit $status`,
} as const;

const ours = new OursAsPublished(situations);
const lab = new Lab('better', { underTest: ours });
after(() => {
  ours.close();
});
// Some tables crash the reference where it would read them before it empties them.
afterEach(async () => {
  await lab.reference.run([{ argv: ['-C'] }]);
});
await nameHosts(lab.shell);
// Names that paint and ring.
await lab.shell.script(String.raw`printf '10.0.0.66 evil\033[31mhost\n10.0.0.67 bell\007host\n' >>hosts`);
// Two addresses of one name, and a name that is an address.
await lab.shell.script(String.raw`printf '10.0.0.71 twin\n10.0.0.72 twin\n10.0.0.73 10.0.0.2\n' >>hosts`);
prepareSituations(lab.shell, situations, 'ipvsadm');

/** A socket whose answers are changed on their way, for what can't be brought about in a real kernel. */
async function changingSocket(change: (answer: Uint8Array) => Uint8Array): Promise<Transport> {
  const socket = await createMachine().openSocket();
  return {
    send: (datagram) => {
      socket.send(datagram);
    },
    receive: () => {
      const datagram = socket.receive();
      return datagram && change(datagram);
    },
    close: () => {
      socket.close();
    },
  };
}

// 1 -----------------------------------------------------------------------------------------------------------------------

const denied =
  "Can't initialize ipvs: Permission denied (you must be root)\n" +
  'Are you sure that IP Virtual Server is built in the kernel or as module?\n';

lab.table('1: -h and -v need no privileges', [
  ...['-v', '--version'].map((option) => ({
    argv: [option],
    programName: './powerless',
    allowed: {
      number: 1,
      reference: { status: 2, stdout: '', stderr: denied },
      ours: {
        status: 0,
        stdout:
          /^ipvsadm v1\.31 \d{4}\/\d\d\/\d\d \(compiled with node v\d+\.\d+\.\d+, ipvsadm for Node\.js \d+\.\d+\.\d+ and IPVS v1\.2\.1\)\n$/,
        stderr: '',
      },
    },
  })),
  ...['-h', '--help'].map((option) => ({
    argv: [option],
    programName: './powerless',
    allowed: {
      number: 1,
      reference: { status: 2, stdout: '', stderr: denied },
      ours: { status: 0, stdout: 'Usage:\n', stderr: '' },
    },
  })),
  {
    argv: ['-v'],
    allowed: {
      number: 1,
      reference: { status: 0, stdout: /^ipvsadm v1\.31 \d{4}\/\d\d\/\d\d \(compiled with popt and IPVS v1\.2\.1\)\n$/ },
      ours: {
        status: 0,
        stdout: /^ipvsadm v1\.31 \d{4}\/\d\d\/\d\d \(compiled with [^)]+ and IPVS v1\.2\.1\)\n$/,
      },
    },
  },
]);
lab.table('without privileges every other command says the same as the original', [
  ...['-Ln', '-A -t 10.0.0.1:80', '-A'].map((line) => ({
    argv: words(line),
    programName: './powerless',
    says: denied,
  })),
]);

// 2 -----------------------------------------------------------------------------------------------------------------------

lab.table('2: thresholds are saved', [
  {
    argv: ['-S', '-n'],
    setup: rules(
      '-A -f 7 -s rr',
      '-a -f 7 -r 10.0.0.2:80 -m -x 20 -y 5',
      '-a -f 7 -r 10.0.0.3:80 -i -x 9 --tun-type gre',
      '-a -f 7 -r 10.0.0.4:80 -g',
    ),
    allowed: {
      number: 2,
      reference: {
        stdout:
          '-r 10.0.0.2:80 -m -w 1\n-a -f 7 -r 10.0.0.3:80 -i -w 1 --tun-type gre --tun-nocsum\n-a -f 7 -r 10.0.0.4:80 -g -w 1\n',
      },
      ours: {
        stdout:
          '-r 10.0.0.2:80 -m -w 1 -x 20 -y 5\n-a -f 7 -r 10.0.0.3:80 -i -w 1 --tun-type gre --tun-nocsum -x 9\n-a -f 7 -r 10.0.0.4:80 -g -w 1\n',
      },
    },
  },
]);

// 3 -----------------------------------------------------------------------------------------------------------------------

const six = rules('-A -f 3 -6 -s rr');
lab.table('3: an IPv6 address in brackets needs no port, and an IPv4 one keeps its own', [
  {
    argv: words('-A -u [2001:db8::5] -p'),
    allowed: {
      number: 3,
      reference: { status: 2, stderr: 'illegal virtual server address[:port] specified\n', table: /^IP Virtual/ },
      ours: { status: 0, stderr: '', table: '-A -u [2001:db8::5]:0 -s wlc -p 360\n' },
    },
  },
  {
    argv: words('-a -f 3 -6 -r [2001:db8::5] -m'),
    setup: six,
    allowed: {
      number: 3,
      reference: { status: 2, stderr: 'illegal real server address[:port] specified\n' },
      ours: { status: 0, stderr: '', table: '-a -f 3 -6 -r [2001:db8::5]:0 -m -w 1\n' },
    },
  },
  {
    argv: words('-a -t 10.0.0.1:80 -r [10.0.0.2]:8080 -m'),
    setup: rules('-A -t 10.0.0.1:80 -s rr'),
    allowed: {
      number: 3,
      reference: { table: '-r 10.0.0.2:80 -m -w 1\n' },
      ours: { table: '-r 10.0.0.2:8080 -m -w 1\n' },
    },
  },
]);

// 4 -----------------------------------------------------------------------------------------------------------------------

const attribute = { destination: 2, statistics: 12 } as const;

/** Attributes of a netlink message: their type and where their payload is. */
function* attributes(
  view: DataView,
  start: number,
  end: number,
): Generator<[type: number, start: number, end: number]> {
  for (let at = start; at < end;) {
    const length = view.getUint16(at, true);
    yield [view.getUint16(at + 2, true) & 0x3fff, at + 4, at + length];
    at += (length + 3) & ~3;
  }
}

/** Sets every counter and rate of every server in the kernel's answers to a number of its own beyond 32 bits. */
function withLargeCounters(answer: Uint8Array): Uint8Array {
  const bytes = answer.slice();
  const view = new DataView(bytes.buffer);
  for (let message = 0; message + 20 <= bytes.length;) {
    const end = message + view.getUint32(message, true);
    for (const [type, start, stop] of attributes(view, message + 20, end)) {
      if (type !== attribute.destination || view.getUint16(message + 4, true) < 0x10) continue;
      for (const [inner, from, to] of attributes(view, start, stop)) {
        if (inner !== attribute.statistics) continue;
        for (const [counter, at] of attributes(view, from, to)) {
          if (counter <= 10) view.setBigUint64(at, 5_000_000_000n + BigInt(counter), true);
        }
      }
    }
    message = (end + 3) & ~3;
  }
  return bytes;
}

// Four billion packets are too many to send and the original's conversation with the kernel can't be tampered with, so
// its side of this one is shown as far as that goes: both agree below the limit, above it ours is shown alone, the rest
// of the kernel's answer being real.
const served = rules('-A -t 10.0.0.1:80 -s rr', '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m');
lab.table('below 2^32 both programs show the same counters of servers', [
  ...['--stats', '--rate', '--stats --exact', '--rate --exact'].map((layout) => ({
    argv: words(`-L -n ${layout}`),
    setup: served,
  })),
]);
for (const [layout, service, server] of [
  ['--stats --exact', '0', ' 5000000001 5000000002 5000000003 5000000004 5000000005\n'],
  ['--rate --exact', '0', ' 5000000006 5000000007 5000000008 5000000009 5000000010\n'],
  ['--stats', '0', '    5000M    5000M    5000M    5000M    5000M\n'],
  ['--rate', '0', ' 5000000006 5000000007 5000000008    5000M    5000M\n'],
] as const) {
  test(`4: counters of servers beyond 2^32 are shown whole: ${layout}`, async () => {
    await lab.reference.stage(served);
    const machine = { openSocket: () => changingSocket(withLargeCounters) };
    const { stdout, status } = await ipvsadm(words(`-L -n ${layout}`), { machine });
    assert.equal(status, 0);
    const [, , , serviceLine = '', serverLine = ''] = stdout.split('\n');
    assert.match(serviceLine, new RegExp(`^TCP  10\\.0\\.0\\.1:80( +${service}){5}$`));
    assert.equal(`${serverLine}\n`, `  -> 10.0.0.2:8080               ${server}`);
  });
}

// 5 -----------------------------------------------------------------------------------------------------------------------

lab.table('5: a dump of a large firewall mark can be restored', [
  {
    argv: ['-R'],
    stdin: '-A -f -1 -s rr\n',
    title: 'a mark as the original saves it',
    allowed: {
      number: 8,
      reference: { stderr: "invalid fwmark value `-1' specified\n" },
      ours: { stderr: "line 1: invalid fwmark value `-1' specified\n" },
    },
  },
  {
    argv: ['-R'],
    stdin: '-A -f 4294967295 -s rr\n',
    title: 'a mark as we save it',
  },
  ...['-S -n', '-L -n', '-L --stats', '-L -n -f 3000000000'].map((line) => ({
    argv: words(line),
    setup: rules('-A -f 3000000000 -s rr', '-a -f 3000000000 -r 10.0.0.2:0 -m', '-A -f 3000000000 -6 -s rr'),
    title: `a large mark: ${line}`,
    allowed: { number: 5, reference: { stdout: ' -1294967296' }, ours: { stdout: ' 3000000000' } },
  })),
]);

// 6 -----------------------------------------------------------------------------------------------------------------------

lab.table('6: scheduler flags: empty lists and flags without a name', [
  {
    argv: words('-E -f 1 -b ,'),
    setup: rules('-A -f 1'),
    allowed: {
      number: 6,
      reference: crash,
      ours: { status: 2, stderr: "invalid scheduler flag `,'\n" },
    },
  },
  ...['sh', 'mh'].flatMap((scheduler) =>
    ['-S -n', '-L -n'].map((line) => ({
      argv: words(line),
      setup: rules(`-A -f 1 -s ${scheduler} -b ${scheduler}-port,flag-3`),
      title: `${scheduler} with a named flag and one without: ${line}`,
      allowed: {
        number: 6,
        reference: { stdout: new RegExp(`${scheduler}-port\\)?\\n`) },
        ours: { stdout: `${scheduler}-port,flag-3` },
      },
    })),
  ),
  {
    argv: ['-R'],
    stdin: '-A -f 1 -s sh -b \n',
    title: 'an empty list of flags as the original saves it',
    allowed: {
      number: 8,
      reference: { stderr: '-b: missing argument\n' },
      ours: { stderr: 'line 1: -b: missing argument\n' },
    },
  },
]);

// 7 -----------------------------------------------------------------------------------------------------------------------

/** Sets what ipvsadm can't set, as another program may. */
async function foreign(forwarding: ForwardingMethod, tunnel: Tunnel): Promise<void> {
  await lab.reference.stage(rules('-A -f 1 -s rr'));
  const client = await IpvsClient.open();
  try {
    const server = {
      family: 'inet',
      address: '10.0.0.2',
      port: 80,
      weight: 1,
      upperThreshold: 0,
      lowerThreshold: 0,
    } as const;
    await client.addServer({ family: 'inet', fwmark: 1 }, { ...server, forwarding, tunnel });
  } finally {
    client.close();
  }
}

const foreignLines = ['-L -n', '-L -n --tun-info', '-L -n --stats', '-S -n'];
const plainTunnel: Tunnel = { type: 'ipip', port: 0, checksum: 'nocsum' };

interface Foreign {
  readonly forwarding: ForwardingMethod;
  readonly tunnel?: Tunnel;
  /** By command line: what the reference and what ours shows. Without an entry they agree. */
  readonly shows: Readonly<Record<string, { readonly reference: RegExp | typeof crash; readonly ours: string }>>;
}

const foreigners: readonly Foreign[] = [
  ...(
    [
      ['bypass', 'Bypass'],
      ['forwarding-5', 'Fwd-5'],
      ['forwarding-6', 'Fwd-6'],
      ['forwarding-7', 'Fwd-7'],
    ] as const
  ).map(([forwarding, shown]) => ({
    forwarding,
    shows: {
      '-L -n': { reference: / \(null\) {2}1 /, ours: ` ${shown.padEnd(7)} 1 ` },
      '-L -n --tun-info': { reference: / \(null\) {2}n\/a /, ours: ` ${shown.padEnd(7)} n/a ` },
      '-S -n': { reference: / \(null\) -w 1\n/, ours: ` -w 1 (forwarding method "${forwarding}" has no option)\n` },
    },
  })),
  {
    forwarding: 'tunneling',
    tunnel: { type: 'gue', port: 6080, checksum: 'csum+remcsum' },
    shows: {
      '-L -n --tun-info': { reference: / gue:6080:\(null\) 1 /, ours: ' gue:6080:+c,r+c 1 ' },
      '-S -n': { reference: crash, ours: ' --tun-type gue --tun-port 6080 --tun-csum --tun-remcsum\n' },
    },
  },
  {
    forwarding: 'tunneling',
    tunnel: { type: 'gre', port: 0, checksum: 'csum+remcsum' },
    shows: {
      '-L -n --tun-info': { reference: / gre:\(null\) +1 /, ours: ' gre:+c,r+c    1 ' },
      '-S -n': { reference: crash, ours: ' --tun-type gre --tun-csum --tun-remcsum\n' },
    },
  },
  { forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'remcsum' }, shows: {} },
];
for (const { forwarding, tunnel = plainTunnel, shows } of foreigners) {
  const what = forwarding === 'tunneling' ? `${tunnel.type} with ${tunnel.checksum}` : forwarding;
  lab.live(
    `7: a server that another program made: ${what}`,
    () => foreign(forwarding, tunnel),
    foreignLines.map((line): Case => {
      const expected = shows[line];
      const title = `another program's ${what}: ${line}`;
      if (expected === undefined) return { argv: words(line), title };
      const { reference } = expected;
      return {
        argv: words(line),
        title,
        allowed: {
          number: 7,
          reference:
            reference instanceof RegExp ? { status: 0, stderr: '', stdout: reference } : { ...reference, stdout: '' },
          ours: { status: 0, stderr: '', stdout: expected.ours },
        },
      };
    }),
  );
}

// 8: more of it in the suite restore ----------------------------------------------------------------------------------------

lab.table('8: -R numbers its messages, counts every refusal and takes comments', [
  {
    argv: ['-R'],
    stdin: '# two services\n-A -t 10.0.0.1:80 # the first\n\n-A -t 10.0.0.1:80\n-A -t 10.0.0.2:80\n',
    allowed: {
      number: 8,
      reference: {
        status: 255,
        stderr: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
        table: /^IP Virtual/,
      },
      ours: { status: 255, stderr: 'line 4: Service already exists\n', table: '-A -t 10.0.0.2:80 -s wlc\n' },
    },
  },
]);

lab.table('8: a -D or -d line that names what is not there is reported, and is no failure of the run', [
  ...(
    [
      ['-D -t 10.0.0.9:80', 'No such service'],
      ['-d -t 10.0.0.9:80 -r 10.0.0.2:8080', 'Service not defined'],
      ['-d -t 10.0.0.1:80 -r 10.0.0.9:8080', 'No such destination'],
    ] as const
  ).map(([line, text]) => ({
    argv: ['-R'],
    stdin: `-A -f 1\n${line}\n`,
    setup: served,
    title: `-R of ${line}`,
    allowed: {
      number: 8,
      reference: { status: 255, stderr: `${text}\n`, table: '-A -f 1 -s wlc\n' },
      ours: { status: 0, stderr: `line 2: ${text}\n`, table: '-A -f 1 -s wlc\n' },
    },
  })),
  ...['-D -t 10.0.0.9:80', '-d -t 10.0.0.1:80 -r 10.0.0.9:8080'].map((line) => ({
    argv: words(line),
    setup: served,
    title: `${line} on the command line fails`,
  })),
]);

// 9 -----------------------------------------------------------------------------------------------------------------------

const standing = rules('-A -t 10.0.0.1:80 -s rr', '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m');
const stands = '-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1\n';
lab.table('9: ipvsadm-restore leaves the table alone when a line makes no sense', [
  ...(
    [
      ['-A -t 10.0.0.9:80 -w 3', "Illegal 'weight' option with the 'add-service' command", 2],
      ['-A -t 10.0.0.9:80 foo', 'unexpected argument foo', 2],
      ['-a -t 10.0.0.8:80 -r nowhere.invalid -m', 'illegal real server address[:port] specified', 2],
      ['-A -q', '-q: unknown option', 255],
    ] as const
  ).map(([line, text, status]) => ({
    argv: [],
    programName: 'ipvsadm-restore',
    stdin: `-A -t 10.0.0.8:80\n\n${line}\n`,
    setup: standing,
    title: `ipvsadm-restore of ${line}`,
    allowed: {
      number: 9,
      reference: { status, stderr: `${text}\n`, table: '-A -t 10.0.0.8:80 -s wlc\nIP Virtual' },
      ours: { status: 2, stderr: `line 3: ${text}\n`, table: stands },
    },
  })),
  {
    argv: [],
    programName: 'ipvsadm-restore',
    stdin: '-A -t 10.0.0.8:80\nnonsense\n-A -q\n-A\n',
    setup: standing,
    title: 'ipvsadm-restore reports every such line at once',
    allowed: {
      number: 9,
      reference: { status: 255, stderr: /^Try [^\n]*\n$/, table: '-A -t 10.0.0.8:80 -s wlc\nIP Virtual' },
      ours: {
        status: 2,
        stderr: /^line 2: Try [^\n]*\nline 3: -q: unknown option\nline 4: You need[^\n]*\n$/,
        table: stands,
      },
    },
  },
]);

const howTo = /in a shell: .*\n.*in a unit of systemd: /;
lab.table('9: words after ipvsadm-restore and ipvsadm-save are refused', [
  ...[['<', '/etc/ipvsadm.rules'], ['/etc/ipvsadm.rules'], ['-n'], ['--nosuch'], ['\u2013n']].map((argv) => ({
    argv,
    programName: 'ipvsadm-restore',
    stdin: '',
    setup: standing,
    title: `ipvsadm-restore ${argv.join(' ')}, as a unit of systemd runs it`,
    allowed: {
      number: 9,
      reference: { status: 0, stdout: '', stderr: '', table: /^IP Virtual/ },
      ours: { status: 2, stdout: '', stderr: howTo, table: stands },
    },
  })),
  ...['-h', '--help'].map((option) => ({
    argv: [option],
    programName: 'ipvsadm-restore',
    stdin: '',
    setup: standing,
    title: `ipvsadm-restore ${option}`,
    allowed: {
      number: 9,
      reference: { status: 0, stdout: '', stderr: '', table: /^IP Virtual/ },
      ours: { status: 0, stdout: howTo, stderr: '', table: stands },
    },
  })),
  ...[['-n', '>', '/etc/ipvsadm.rules'], ['/etc/ipvsadm.rules'], ['\u2013n']].map((argv) => ({
    argv,
    programName: 'ipvsadm-save',
    setup: standing,
    title: `ipvsadm-save ${argv.join(' ')}`,
    allowed: {
      number: 9,
      reference: { status: 0, stdout: '-A -t ', stderr: '' },
      ours: { status: 2, stdout: '', stderr: howTo },
    },
  })),
]);

// 10 and 11 ---------------------------------------------------------------------------------------------------------------

const header = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData';
const good = 'TCP 0A000003 8D63 0A000001 0050 0A000002 1F90 ESTABLISHED     899';
const shown = 'TCP 14:59  ESTABLISHED 10.0.0.3:36195     10.0.0.1:80        10.0.0.2:8080\n';

/** Both programs read this file in the place of the kernel's connections. */
function connections(name: string, argv: string, lines: readonly string[], rest: Partial<Case>): Case {
  const directory = join(lab.shell.directory, name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'ip_vs_conn'), [header, ...lines].map((line) => `${line}\n`).join(''));
  return {
    argv: words(argv),
    programName: './connections',
    env: { DIRECTORY: directory },
    title: `${argv}, ${name}`,
    ...rest,
  };
}

lab.table('lines of connections as kernels write them look the same', [
  connections('plain', '-L -c -n', [good, good], {}),
  connections('engines', '-L -c -n --persistent-conn', [good, `${good} sip a-call-id`, good], {}),
  connections(
    'IPv6',
    '-L -c -n',
    [
      'UDP 2001:0db8:0000:0000:0000:0000:0000:0003 8D63 2001:0db8:0000:0000:0000:0000:0000:0001 0035 2001:0db8:0000:0000:0000:0000:0000:0002 0035 UDP             299',
    ],
    {},
  ),
  connections('long expiry', '-L -c -n', [good.replace('899', '359999'), good.replace('    899', '2678400')], {}),
  connections('none', '-L -c -n', [], {}),
]);

const understood = (line: number): RegExp =>
  new RegExp(`^/proc/net/ip_vs_conn: line ${line} is no connection: [^\\n]*\\n$`);
const long = 'x'.repeat(5000);
lab.table('10: -c reads lines of any length and shape', [
  connections('long data', '-L -c -n', [good, `${good} sip ${long}`, good], {
    allowed: {
      number: 10,
      reference: { ...crash, stdout: '' },
      ours: { status: 0, stderr: '', stdout: `${shown}${shown}${shown}` },
    },
  }),
  connections('long data, shown', '-L -c -n --persistent-conn', [`${good} sip ${long}`], {
    allowed: {
      number: 10,
      reference: { ...crash, stdout: '' },
      ours: { status: 0, stderr: '', stdout: `    sip                ${long}\n` },
    },
  }),
  connections('data with blanks', '-L -c -n --persistent-conn', [`${good} sip a call id`], {
    allowed: {
      number: 10,
      reference: { stdout: '    sip                a\n' },
      ours: { stdout: '    sip                a call id\n' },
    },
  }),
  connections('a long name of an engine', '-L -c -n', [`${good} an-engine-of-many-characters-more x`, good], {
    allowed: {
      number: 10,
      reference: { stdout: /destination\nTCP (?!14:59)/ },
      ours: { stdout: `${shown}${shown}` },
    },
  }),
  connections('a word', '-L -c -n', [good, 'garbage', good], {
    allowed: {
      number: 10,
      // It repeats what it happens to hold of the line before.
      reference: { status: 0, stderr: '', stdout: `${shown}garbage 14:59  ESTABLISHED` },
      ours: { status: 1, stderr: understood(3), stdout: `destination\n${shown}${shown}` },
    },
  }),
  connections('half a line', '-L -c -n', [good, 'TCP 0A000003 8D63 0A000009', good], {
    allowed: {
      number: 10,
      reference: { status: 0, stderr: '', stdout: /^TCP 14:59 .* 10\.0\.0\.9:0 +10\.0\.0\.2:8080$/m },
      ours: { status: 1, stderr: understood(3), stdout: `destination\n${shown}${shown}` },
    },
  }),
  connections('an empty line', '-L -c -n', [good, '', good], {
    allowed: {
      number: 10,
      reference: { status: 1, stderr: '', stdout: new RegExp(`destination\n${shown}$`) },
      ours: { status: 1, stderr: understood(3), stdout: `destination\n${shown}${shown}` },
    },
  }),
  connections('no address', '-L -c -n', [good.replace('0A000003', 'zz'), good], {
    allowed: {
      number: 10,
      reference: { status: 0, stderr: '', stdout: 'ESTABLISHED 0.0.0.0:36195' },
      ours: { status: 1, stderr: understood(2), stdout: `destination\n${shown}` },
    },
  }),
  connections('a long state', '-L -c -n', [good.replace('ESTABLISHED', 'S'.repeat(60))], {
    allowed: {
      number: 10,
      reference: { status: 0, stdout: /^(?!.*10\.0\.0\.2:8080\n)/s },
      ours: { status: 0, stdout: `${'S'.repeat(60)} 10.0.0.3:36195     10.0.0.1:80        10.0.0.2:8080\n` },
    },
  }),
]);

const escape = '\u001b[31m';
lab.table('11: control characters in data of persistence engines are never written raw', [
  connections('data that paints', '-L -c -n --persistent-conn', [`${good} sip a${escape}b`], {
    allowed: { number: 11, reference: { stdout: `a${escape}b\n` }, ours: { stdout: 'a?[31mb\n' } },
  }),
  connections('an engine that rings', '-L -c -n --persistent-conn', [`${good} s\u0007p x`], {
    allowed: { number: 11, reference: { stdout: 's\u0007p ' }, ours: { stdout: 's?p ' } },
  }),
]);

lab.table('11: control characters in host names are never written raw', [
  ...['-L', '-L --stats'].map((line) => ({
    argv: words(line),
    setup: rules('-A -t 10.0.0.66:80', '-a -t 10.0.0.66:80 -r 10.0.0.67:80 -m'),
    title: `names that paint and ring: ${line}`,
    allowed: {
      number: 11,
      reference: { stdout: /evil\p{Cc}\[31mhost:http[^]*bell\p{Cc}host:http/u },
      ours: { stdout: /^(?:\P{Cc}|\n)*evil\?\[31mhost:http(?:\P{Cc}|\n)*bell\?host:http(?:\P{Cc}|\n)*$/u },
    },
  })),
  {
    argv: ['-S'],
    setup: rules('-A -t 10.0.0.66:80', '-a -t 10.0.0.66:80 -r 10.0.0.67:80 -m'),
    title: 'names that paint and ring: -S',
    // Such a name can't be read back either.
    allowed: {
      number: 15,
      reference: { stdout: /evil\p{Cc}\[31mhost:http[^]*bell\p{Cc}host:http/u },
      ours: { stdout: '-A -t 10.0.0.66:http -s wlc\n-a -t 10.0.0.66:http -r 10.0.0.67:http -m -w 1\n' },
    },
  },
]);

// 12 ----------------------------------------------------------------------------------------------------------------------

const silent = { status: 0, stdout: '', stderr: '' };
const unwritable = (reason: string) => ({ status: 1, stdout: '', stderr: `can't write standard output: ${reason}\n` });
lab.table('12: output that can not be written is an error', [
  ...['-L -n', '-S -n', '-L --timeout', '-L -c -n'].map((line) => ({
    argv: words(line),
    programName: './full',
    setup: standing,
    title: `a full disk: ${line}`,
    allowed: { number: 12, reference: silent, ours: unwritable('No space left on device') },
  })),
  {
    argv: words('-A -t 10.0.0.5:80'),
    programName: './full',
    title: 'a full disk does not matter to who writes nothing',
  },
]);

// Node opens /dev/null in the place of a closed standard descriptor.
lab.table('a closed descriptor is not reported, as by the original', [
  ...['-L -n', '-S -n'].map((line) => ({
    argv: words(line),
    programName: './closed',
    setup: standing,
    title: `a closed descriptor: ${line}`,
  })),
]);

const many: Rules = [
  ['-A', '-f', '1'],
  ...Array.from({ length: 2500 }, (_, index) => words(`-a -f 1 -r 10.1.${index >> 8}.${index & 255}:80 -m`)),
];
lab.table('12: a reader that goes away is no error', [
  {
    argv: words('-S -n'),
    programName: './head',
    setup: many,
    title: 'the first line of many',
    // The original is killed by SIGPIPE, which nobody sees either.
    allowed: { number: 12, reference: { status: 141, stderr: '' }, ours: { status: 0, stderr: '' } },
  },
]);

// 13 ----------------------------------------------------------------------------------------------------------------------

/** Only a kernel of our own may lose its IPVS. */
const ownKernel = readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux');
if (ownKernel) {
  lab.table('13: -L --timeout and -L --daemon say why they fail', [
    ...['-L --timeout', '-L --daemon'].map((line) => ({
      argv: ['-R'],
      programName: './vanishing',
      env: { LINE: line },
      title: `IPVS is unloaded before ${line}`,
      allowed: {
        number: 13,
        reference: { status: 1, stdout: '', stderr: '' },
        ours: {
          status: 2,
          stdout: '',
          stderr: /^line 2: Can't initialize ipvs: Protocol not available\nAre you sure [^\n]+\n$/,
        },
      },
    })),
  ]);
}

/** Connections that a service has had. */
async function counted(service: string): Promise<number> {
  const [listing] = await lab.reference.run([{ argv: ['-L', '-n', '--stats', '--exact', '-u', service] }]);
  return Number(/^UDP +\S+ +(\d+)/m.exec(listing?.stdout ?? '')?.[1]);
}

test('13: zeroing the service of 0.0.0.0 leaves the others alone', async () => {
  await lab.shell.script('ip address add 10.0.0.1/32 dev lo');
  const seen: Record<string, number> = {};
  for (const program of [lab.reference, lab.underTest]) {
    await lab.reference.stage(
      rules('-A -u 10.0.0.1:53 -s rr', '-a -u 10.0.0.1:53 -r 127.0.0.1:53 -m', '-A -t 0.0.0.0:0 -s rr -p 60'),
    );
    const socket = createSocket('udp4');
    socket.send('question', 53, '10.0.0.1');
    await once(socket, 'listening');
    await new Promise((resolve) => setTimeout(resolve, settling));
    socket.close();
    assert.equal(await counted('10.0.0.1:53'), 1);
    const [result] = await program.run([{ argv: words('-Z -t 0.0.0.0') }]);
    assert.deepEqual(result, { stdout: '', stderr: '', status: 0 });
    seen[program.name] = await counted('10.0.0.1:53');
  }
  assert.deepEqual(seen, lab.selfCheck ? { reference: 0 } : { reference: 0, ours: 1 });
});

// 15 ----------------------------------------------------------------------------------------------------------------------

const longName = 'a-rather-long-name-of-a-real-server.in-a-long-domain.example';
lab.table('15: -S writes numbers where a name does not lead back to just this address', [
  ...(
    [
      ['-A -t 10.0.0.71:80 -s rr', '-A -t twin:http', '-A -t 10.0.0.71:http', 'two addresses of one name'],
      ['-A -t 10.0.0.73:80 -s rr', '-A -t 10.0.0.2:http', '-A -t 10.0.0.73:http', 'a name that is another address'],
      ['-A -t [2001:db8::1]:80 -s rr', '-A -t [vip6]:http', '-A -t [2001:db8::1]:http', 'an IPv6 address'],
      ['-A -t 10.0.0.4:80 -s rr', `-A -t ${longName.slice(0, 59)} -s`, '-A -t 10.0.0.4:80 -s', 'a name that is cut'],
    ] as const
  ).map(([rule, reference, expected, title]) => ({
    argv: ['-S'],
    setup: rules(rule),
    title,
    allowed: { number: 15, reference: { stdout: reference }, ours: { stdout: expected } },
  })),
  ...['-L', '-L --stats'].map((line) => ({
    argv: words(line),
    setup: rules('-A -t 10.0.0.71:80 -s rr', '-A -t [2001:db8::1]:80', '-A -t 10.0.0.4:80'),
    title: `a listing shows all names: ${line}`,
  })),
  { argv: ['-S'], setup: rules('-A -t 10.0.0.1:80 -s rr', '-a -t 10.0.0.1:80 -r 10.0.0.8:80'), title: 'good names' },
]);

// 16 ----------------------------------------------------------------------------------------------------------------------

lab.table('16: root of a user namespace learns which capability is missing', [
  ...['-Ln', '-C', '-A -t 10.0.0.1:80', '-R'].map((line) => ({
    argv: words(line),
    programName: './confined',
    title: `root of a user namespace: ${line}`,
    allowed: {
      number: 16,
      reference: { status: 2, stdout: '', stderr: /^Can't initialize ipvs: [^\n]*\nAre you sure [^\n]*\n$/ },
      ours: {
        status: 2,
        stdout: '',
        stderr:
          /^Can't [^\n]* \(you must be root\)\nAre you sure [^\n]*\n[^\n]*: IPVS needs CAP_NET_ADMIN in the initial user namespace; [^\n]*\n$/,
      },
    },
  })),
]);
