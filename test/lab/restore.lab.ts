import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Lab, type Case } from './differential.js';
import { asText, type Rules } from './reference.js';
import { nameHosts, OursAsPublished } from './surroundings.js';

const words = (text: string): string[] => text.split(' ');
const rules = (...lines: readonly string[]): Rules => lines.map(words);

const ours = new OursAsPublished();
const lab = new Lab('restore', { underTest: ours });
after(() => {
  ours.close();
});
await nameHosts(lab.shell);

function restore(stdin: string | Uint8Array, setup?: Rules): Case {
  return { argv: ['-R'], stdin, setup, title: `-R of ${JSON.stringify(Buffer.from(stdin).toString('latin1'))}` };
}

// What is read the same -------------------------------------------------------------------------------------------------

const add = '-A -t 10.0.0.1:80 -s rr\n';
const added: Rules = rules('-A -t 10.0.0.1:80 -s rr', '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m');

lab.table('lines: blanks, ends of lines, and the word ipvsadm', [
  ...[
    '',
    '\n',
    '\n\n\n',
    ' ',
    ' \t \r\n',
    add,
    add.trimEnd(),
    add.replace('\n', '\r\n'),
    add.replace('\n', '\r'),
    `\n\n${add}\n\n`,
    `   ${add}`,
    `\t${add}`,
    add.replaceAll(' ', '\t'),
    add.replaceAll(' ', '  \r \t '),
    add.replace('\n', '   \n'),
    `ipvsadm ${add}`,
    `ipvsadm ipvsadm ${add}`,
    '-A ipvsadm -t 10.0.0.1:80 ipvsadm -s rr ipvsadm\n',
    '-A -t ipvsadm 10.0.0.1:80 -s rr\n',
    'ipvsadm\n',
    ' ipvsadm \n',
    '--add-service --tcp-service=10.0.0.1:80 --scheduler rr\n',
    '-At10.0.0.1:80 -srr -p30\n',
    `${add}-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m\n-E -t 10.0.0.1:80 -s wlc -p\n-e -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 9\n`,
    `${add}-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m\n-d -t 10.0.0.1:80 -r 10.0.0.2:8080\n`,
    `${add}-D -t 10.0.0.1:80\n`,
    `-A -t vip:http\n-a -t vip:http -r web -m\n-a -t vip:http -r web3.example:https -m\n`,
    '-A -t [2001:db8::1]:80\n-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -i --tun-type gue --tun-port 9\n',
    '-A -f 1 -6\n-A -f 1\n-a -f 1 -6 -r [2001:db8::2]:0 -m\n',
    '--set 1 2 3\n-L --timeout\n--set 4 5 6\n-L --timeout\n',
    '--start-daemon master --mcast-interface lo --syncid 3\n-L --daemon\n',
    '-A -t 10.0.0.1:80 -p\n-A -t 10.0.0.2:80 -p -M 255.255.255.0\n',
  ].map((stdin) => restore(stdin)),
]);

lab.table('what a line does comes before what the next one shows', [
  ...[
    `-L -n\n${add}-L -n\n-D -t 10.0.0.1:80\n-L -n\n`,
    `${add}-S -n\n-S\n-L -n -t 10.0.0.1:80\n-L --stats -n\n`,
    `-C\n-S -n\n${add}-S -n\n`,
    '-Z\n-L -n\n',
    '-L -c -n\n',
    '-L\n-S\n-Sn\n-Ln --rate\n-ln --thresholds',
  ].map((stdin) => restore(stdin, added.slice(0, stdin.includes(add) ? 0 : 2))),
]);

lab.table('a summary or a version ends the run with 0', [
  ...[
    `-v\n${add}`,
    `${add}-v\n-A -t 10.0.0.9:80\n`,
    `-h\n${add}`,
    `${add}--help\n-C\n`,
    `-L -n\n--version\n-L -n\n`,
  ].map((stdin) => ({
    ...restore(stdin),
    // What they say differs, as it should (allowed difference 1).
    normalise: [(text: string) => text.replace(/^ipvsadm v1\.31[^]*/m, 'ipvsadm v1.31 ...')],
  })),
]);

// What is refused -------------------------------------------------------------------------------------------------------

/** A file, its complaints by line, and the status with which each side ends. */
interface Refused {
  readonly lines: readonly string[];
  readonly setup?: Rules;
  /** Texts by the number of the line. */
  readonly says: Readonly<Record<number, string>>;
  /** Status of the reference, which is that of the last line unless one ends the run. */
  readonly reference: number;
  readonly ours: number;
}

const exactly = (text: string): RegExp => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);

/** Shows both sides of difference 8; what is printed and what the table becomes must agree all the same. */
function refused({ lines, setup, says, ...status }: Refused): Case {
  const texts = Object.entries(says);
  return {
    argv: ['-R'],
    stdin: lines.map((line) => `${line}\n`).join(''),
    setup,
    title: `-R of ${JSON.stringify(lines)}`,
    allowed: {
      number: 8,
      reference: { status: status.reference, stderr: exactly(texts.map(([, text]) => `${text}\n`).join('')) },
      ours: { status: status.ours, stderr: exactly(texts.map(([line, text]) => `line ${line}: ${text}\n`).join('')) },
    },
  };
}

const good = '-A -t 10.0.0.9:80 -s rr';
const exists = 'Service already exists';

lab.table('8: the kernel refuses lines in the middle, and the rest goes on', [
  ...(
    [
      { lines: [add.trim(), good], setup: added, says: { 1: exists }, reference: 0, ours: 255 },
      { lines: [good, add.trim()], setup: added, says: { 2: exists }, reference: 255, ours: 255 },
      {
        lines: [good, '', good, '', good, '-A -t 10.0.0.8:80'],
        says: { 3: exists, 5: exists },
        reference: 0,
        ours: 255,
      },
      {
        lines: ['-A -t 10.0.0.1:81 -s nosuch', '-A -t 10.0.0.1:82 --pe nosuch', good],
        says: { 1: 'Scheduler or persistence engine not found', 2: 'Scheduler or persistence engine not found' },
        reference: 0,
        ours: 255,
      },
      {
        lines: ['-E -t 10.0.0.7:80', '-D -t 10.0.0.7:80', '-Z -t 10.0.0.7:80', good],
        says: { 1: 'No such service', 2: 'No such service', 3: 'No such service' },
        reference: 0,
        ours: 255,
      },
      {
        lines: [
          '-a -t 10.0.0.7:80 -r 10.0.0.2:80 -m',
          '-e -t 10.0.0.7:80 -r 10.0.0.2:80 -m',
          '-d -t 10.0.0.7:80 -r 10.0.0.2:80',
          good,
        ],
        says: { 1: 'Service not defined', 2: 'Service not defined', 3: 'Service not defined' },
        reference: 0,
        ours: 255,
      },
      {
        lines: [
          '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m',
          '-e -t 10.0.0.1:80 -r 10.0.0.3:8080 -m',
          '-d -t 10.0.0.1:80 -r 10.0.0.3:8080',
        ],
        setup: added,
        says: { 1: 'Destination already exists', 2: 'No such destination', 3: 'No such destination' },
        reference: 255,
        ours: 255,
      },
      {
        lines: [
          '--stop-daemon master',
          '--start-daemon master --mcast-interface lo',
          '--start-daemon master --mcast-interface lo',
          good,
        ],
        says: { 1: 'No daemon is running', 3: 'Daemon has already run' },
        reference: 0,
        ours: 255,
      },
      {
        lines: ['-a -t 10.0.0.1:80 -r 224.0.0.1:80 -m', '-a -t 10.0.0.1:80 -r 10.0.0.4:80 -m -x 1 -y 2', good],
        setup: added,
        says: {
          1: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
          2: 'Numerical result out of range',
        },
        reference: 0,
        ours: 255,
      },
    ] satisfies Refused[]
  ).map(refused),
]);

lab.table('8: a line that can not be scanned is named, and the rest goes on', [
  ...(
    [
      { lines: ['-A -q', good], says: { 1: '-q: unknown option' }, reference: 0, ours: 255 },
      { lines: [good, '-A --nosuch=7'], says: { 2: '--nosuch=7: unknown option' }, reference: 255, ours: 255 },
      { lines: ['-A -t', good], says: { 1: '-t: missing argument' }, reference: 0, ours: 255 },
      {
        lines: ['-L --numeric=3', '-L -n=3', '-Lqn', good, '-L -p -5'],
        says: {
          1: '--numeric=3: option does not take an argument',
          2: '-n=3: option does not take an argument',
          3: '-Lqn: unknown option',
          5: '-5: unknown option',
        },
        reference: 255,
        ours: 255,
      },
      {
        lines: ['-A -q', good, good, '-A -t'],
        says: { 1: '-q: unknown option', 3: exists, 4: '-t: missing argument' },
        reference: 255,
        ours: 255,
      },
    ] satisfies Refused[]
  ).map(refused),
]);

/** Lines that end the run with 2, and what they say. */
const endings: readonly (readonly [line: string, says: string])[] = [
  ['-A', "You need to supply the 'service-address' option for the 'add-service' command"],
  ['-A -t 10.0.0.1:80 -w 3', "Illegal 'weight' option with the 'add-service' command"],
  ['-A -t 10.0.0.1:80 -s rr -s rr', "multiple 'scheduler' options specified"],
  ['-A -t 10.0.0.1:80 foo', 'unexpected argument foo'],
  ["-A -t 10.0.0.1:80 -s 'rr x'", "unexpected argument x'"],
  ['-A -t "10.0.0.1:80"', 'illegal virtual server address[:port] specified'],
  ['-A -t 10.0.0.1', 'Zero port specified for non-persistent service'],
  ['-A -t nowhere.invalid:80', 'illegal virtual server address[:port] specified'],
  ['-A -f x', "invalid fwmark value `x' specified"],
  ['-a -t 10.0.0.9:80 -r 10.0.0.2 -w x', 'illegal weight specified'],
  ['-A -D', "invalid option `-D'"],
  ['-A -R', "invalid option `-R'"],
  ['--set 1 2', '--set option requires 3 timeout values'],
  ['-A -6 -f 1', '-6 used before -f\n'],
  ['-L --timeout --daemon', "The option 'daemon' conflicts with the 'timeout' option in the 'list' command"],
  ['-A -u 10.0.0.1:80 -b sh-port', "incompatible scheduler flag `sh-port'"],
];
lab.table(
  '8: a line of wrong use ends the run with 2; what was done before stays',
  endings.map(([line, text]) =>
    refused({ lines: [good, line, '-A -t 10.0.0.8:80'], says: { 2: text }, reference: 2, ours: 2 }),
  ),
);
lab.table('8: after a refusal, wrong use still ends the run with 2', [
  refused({ lines: [good, good, '-A'], says: { 2: exists, 3: endings[0]?.[1] ?? '' }, reference: 2, ours: 2 }),
  refused({
    lines: ['-A -q', '-A', good],
    says: { 1: '-q: unknown option', 2: endings[0]?.[1] ?? '' },
    reference: 2,
    ours: 2,
  }),
]);

const tryHelp = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.";
lab.table('8: a line that starts with no command ends the run with 255', [
  ...[
    'foo',
    '-n',
    '-t 10.0.0.1:80',
    '-nL',
    '-R',
    '--restore',
    '--list=foo',
    '--',
    '-',
    '80',
    '-- -L',
    '--lis',
    'status',
  ].map((line) =>
    refused({ lines: [good, line, '-A -t 10.0.0.8:80'], says: { 2: tryHelp }, reference: 255, ours: 255 }),
  ),
]);

lab.table('8: a listing that the kernel refuses ends the run with 1', [
  refused({
    lines: [good, '-L -t 10.0.0.1:80', '-A -t 10.0.0.8:80'],
    says: { 2: 'No such service' },
    reference: 1,
    ours: 1,
  }),
  refused({ lines: [good, '-L -n', '-L -f 3 --stats', good], says: { 3: 'No such service' }, reference: 1, ours: 1 }),
]);

lab.table('8: a refusal counts although the run ends well', [
  {
    ...refused({ lines: [good, good, '-v', good], says: { 2: exists }, reference: 0, ours: 255 }),
    normalise: [(text) => text.replace(/^ipvsadm v1\.31[^]*/m, 'ipvsadm v1.31 ...')],
  },
]);

const commented: readonly (readonly [input: string, reference: string, status: number])[] = [
  [`# a comment\n${good}\n`, `${tryHelp}\n`, 255],
  [`  #another\n${good}\n`, `${tryHelp}\n`, 255],
  [`#-C\n`, `${tryHelp}\n`, 255],
  [`ipvsadm # a comment\n`, `${tryHelp}\n`, 255],
  [`${good} # a comment\n`, 'unexpected argument #\n', 2],
  [`${good}\t#another -q\n`, '-q: unknown option\n', 255],
];
lab.table(
  '8: comments, whole lines and at the end of a line, are skipped',
  commented.map(([stdin, stderr, status]) => ({
    ...restore(stdin),
    allowed: {
      number: 8,
      reference: { stderr: exactly(stderr), status, table: /^IP Virtual/ },
      ours: { stderr: '', status: 0, table: stdin.includes(good) ? good : /^IP Virtual/ },
    },
  })),
);
lab.table('a hash inside a word is no comment', [
  restore('-A -t 10.0.0.1:80 -s r\n'.replace('r\n', 'rr\n')),
  refused({
    lines: ['-A -t 10.0.0.1#80'],
    says: { 1: 'illegal virtual server address[:port] specified' },
    reference: 2,
    ours: 2,
  }),
]);

// Round trips -----------------------------------------------------------------------------------------------------------

const tables: Readonly<Record<string, Rules>> = {
  plain: rules(
    '-A -t 10.0.0.1:80 -s rr',
    '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 0',
    '-a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 2147483647',
    '-a -t 10.0.0.1:80 -r 10.0.0.9:80 -i -w 7',
    '-A -u 10.0.0.1:53 -s wrr -o',
    '-a -u 10.0.0.1:53 -r 10.0.0.2:53 -g',
    '-A --sctp-service 10.0.0.1:2905 -s lc',
    '-a --sctp-service 10.0.0.1:2905 -r 10.0.0.2:2906 -m',
    '-A -t 192.168.0.1:80 -s wlc',
  ),
  IPv6: rules(
    '-A -t [2001:db8::76]:80 -s rr -p 60 -M 64',
    '-a -t [2001:db8::76]:80 -r [2001:db8::77]:8080 -m',
    '-a -t [2001:db8::76]:80 -r [2001:db8::78]:80 -g',
    '-A -u [2001:db8::77]:5060 -s rr -p 60 -M 48 --pe sip -o -b flag-1',
  ),
  'firewall marks': rules(
    '-A -f 1 -s rr',
    '-a -f 1 -r 10.0.0.2:80 -m',
    '-a -f 1 -r 10.0.0.2:0 -g',
    '-A -f 1 -6 -s wlc -p 70 -M 33',
    '-a -f 1 -6 -r [2001:db8::77]:80 -m',
    '-A -f 2147483647 -s sh -b sh-port',
  ),
  'persistence and flags': rules(
    '-A -t 10.0.0.1:80 -s wlc -p',
    '-A -t 10.0.0.1:0 -s wlc -p 1',
    '-a -t 10.0.0.1:0 -r 10.0.0.2:0 -g',
    '-A -t 10.0.0.1:443 -s rr -p 2678400 -M 255.255.255.0',
    '-A -u 10.0.0.1:5061 -s rr -p 60 -M 255.255.0.0 --pe sip -o',
    '-A -u 10.0.0.1:5062 -s sh -p 60 -M 255.255.0.0 --pe sip -b sh-fallback,sh-port',
    '-A -u 10.0.0.1:5064 -s mh --pe sip -b mh-port',
    '-A -u 10.0.0.1:5065 -s dh -b flag-1,flag-2,flag-3',
  ),
  tunnels: rules(
    '-A -t 10.0.0.1:80 -s rr',
    ...[
      '--tun-type ipip',
      '--tun-type gue --tun-port 6080',
      '--tun-type gue --tun-port 1 --tun-csum',
      '--tun-type gue --tun-port 65535 --tun-remcsum',
      '--tun-type gre',
      '--tun-type gre --tun-csum',
    ].map((tunnel, index) => `-a -t 10.0.0.1:80 -r 10.0.0.2${index} -i ${tunnel}`),
    '-a -t 10.0.0.1:80 -r [2001:db8::77]:80 -i',
  ),
};

interface Dumps {
  readonly original: string;
  readonly reference: string;
  readonly ours: string;
}

/** Both dumps of a table that the reference filled. */
async function dumps(setup: Rules, numeric: boolean): Promise<Dumps> {
  await lab.reference.stage([]);
  const { complaints } = await lab.reference.stage(setup);
  assert.equal(complaints, '');
  const original = await lab.reference.table();
  const invocation = { argv: numeric ? ['-S', '-n'] : ['-S'] };
  const [reference] = await lab.reference.run([invocation]);
  const [ours] = await lab.underTest.run([invocation]);
  assert.ok(reference !== undefined && ours !== undefined);
  return { original, reference: reference.stdout, ours: ours.stdout };
}

for (const [name, setup] of Object.entries(tables)) {
  for (const numeric of [true, false]) {
    test(`${name}: a dump ${numeric ? 'in numbers' : 'with names'} restored by either program gives the table again`, async () => {
      const { original, reference, ours: ourDump } = await dumps(setup, numeric);
      assert.equal(ourDump, reference);
      const one: Case = { argv: ['-R'], stdin: reference, title: `round trip: ${name}, ${numeric ? '-Sn' : '-S'}` };
      lab.settle(await lab.compare([one]));
      await lab.reference.stage([]);
      await lab.underTest.run([one]);
      assert.equal(await lab.reference.table(), original);
    });
  }
}

const thresholds = rules(
  '-A -t 10.0.0.1:80 -s rr',
  '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -x 10',
  '-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -x 70000 -y 7',
  '-a -t 10.0.0.1:80 -r 10.0.0.4:80 -m',
);

lab.table('2: a dump keeps thresholds', [
  ...['-Sn', '-S'].map((option) => ({
    argv: [option],
    setup: thresholds,
    title: `thresholds: ${option}`,
    allowed: {
      number: 2,
      reference: { stdout: /^(?:-A .*\n|-a .* -m -w 1\n)+$/ },
      ours: { stdout: / -m -w 1 -x 10\n.* -m -w 1 -x 70000 -y 7\n.* -m -w 1\n$/ },
    },
  })),
]);

test('2: a table with thresholds is whole after a restore of our dump only', async () => {
  const { original, reference, ours: ourDump } = await dumps(thresholds, true);
  const restored: string[] = [];
  for (const stdin of [reference, ourDump]) {
    await lab.reference.stage([]);
    const [result] = await lab.reference.run([{ argv: ['-R'], stdin }]);
    assert.equal(result?.status, 0);
    restored.push(await lab.reference.table());
  }
  const [byReference = '', byOurs = ''] = restored;
  assert.match(byReference, /-> 10\.0\.0\.2:80 +0 +0 /);
  assert.notEqual(byReference, original);
  if (!lab.selfCheck) assert.equal(byOurs, original);
});

// Sizes -------------------------------------------------------------------------------------------------------------------

const big = Array.from({ length: 300 }, (_, service) => {
  const key = `-t 10.1.${service >> 8}.${service & 255}:80`;
  const servers = Array.from({ length: 9 }, (_, server) => `-a ${key} -r 10.2.${server}.1:8080 -m -w ${server}\n`);
  return [`-A ${key} -s wrr\n`, ...servers].join('');
}).join('');

const longWord = 'x'.repeat(300);
lab.table('large input', [
  { argv: ['-R'], stdin: big, title: '3,000 rules' },
  { argv: ['-R'], stdin: big.replaceAll('\n', '\n\n'), title: '3,000 rules and as many empty lines' },
  { argv: ['-R'], stdin: `-A -t 10.0.0.1:80${' '.repeat(5000)}-s rr\n`, title: 'a line of 5,000 blanks' },
  { argv: ['-R'], stdin: `${'ipvsadm '.repeat(100)}-A -t 10.0.0.1:80\n`, title: 'the word ipvsadm a hundred times' },
  refused({
    lines: [`-A -t 10.0.0.1:80 ${longWord}`],
    says: { 1: `unexpected argument ${longWord}` },
    reference: 2,
    ours: 2,
  }),
  refused({
    lines: [good, `-A --${longWord}`],
    says: { 2: `--${longWord}: unknown option` },
    reference: 255,
    ours: 255,
  }),
]);

test('8: refusals among 3,000 rules are reported with their lines, in order', async () => {
  const lines = big.trimEnd().split('\n');
  for (const line of [100, 1500, 2999]) lines[line - 1] = good;
  lab.settle(
    await lab.compare([
      {
        ...refused({
          lines,
          setup: rules(good),
          says: { 100: exists, 1500: exists, 2999: exists },
          reference: 0,
          ours: 255,
        }),
        title: '3,000 rules with three refusals',
      },
    ]),
  );
});

// The wrapper programs ----------------------------------------------------------------------------------------------------

const dump = asText(tables['persistence and flags'] ?? []);
lab.table('ipvsadm-save and ipvsadm-restore, the programs themselves', [
  ...[[], ['-n'], ['-n', '-n']].map((argv) => ({
    argv,
    programName: 'ipvsadm-save',
    setup: tables['plain'],
    title: `ipvsadm-save ${argv.join(' ')}`,
  })),
  ...(
    [
      ['a dump', dump],
      ['a dump with comments', `# saved\n${dump.replace('\n', '\n#-C\n')}`],
      ['nothing', ''],
      ['empty lines', '\n\n\n'],
      ['no end of line', dump.trimEnd()],
      ['comments alone', '# nothing\n#\n'],
      ['a listing inside', '-S -n\n-A -t 10.0.0.9:80\n-S -n\n'],
    ] as const
  ).map(([title, stdin]) => ({
    argv: [],
    stdin,
    programName: 'ipvsadm-restore',
    setup: added,
    title: `ipvsadm-restore of ${title}`,
  })),
  {
    ...refused({
      lines: ['#', good, good, '-A -t 10.0.0.8:80'],
      setup: added,
      says: { 3: exists },
      reference: 0,
      ours: 255,
    }),
    argv: [],
    programName: 'ipvsadm-restore',
  },
]);
