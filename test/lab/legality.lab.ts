import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandNames, optionNames } from '../../src/grammar/options.js';
import { Lab, type Case } from './differential.js';
import type { Rules } from './reference.js';

/** A word list with blanks between the words. */
const words = (text: string): string[] => text.split(' ');

interface Command {
  readonly name: string;
  /** The command itself. */
  readonly argv: readonly string[];
  /** What it can't do without. */
  readonly needs: readonly string[];
  readonly setup?: Rules;
  readonly stdin?: string;
}

// A datagram service, because one-packet scheduling and the persistence engine want one.
const service = words('-u 10.0.0.1:5060');
const server = words('-r 10.0.0.2:5060');
const withService: Rules = [['-A', ...service, '-s', 'rr']];
const withServer: Rules = [...withService, ['-a', ...service, ...server, '-i']];

const commands: readonly Command[] = [
  { name: 'add-service', argv: ['-A'], needs: service },
  { name: 'edit-service', argv: ['-E'], needs: service, setup: withService },
  { name: 'delete-service', argv: ['-D'], needs: service, setup: withService },
  { name: 'flush', argv: ['-C'], needs: [], setup: withServer },
  { name: 'list', argv: ['-L'], needs: [], setup: withServer },
  { name: 'add-server', argv: ['-a'], needs: [...service, ...server], setup: withService },
  { name: 'delete-server', argv: ['-d'], needs: [...service, ...server], setup: withServer },
  { name: 'edit-server', argv: ['-e'], needs: [...service, ...server], setup: withServer },
  { name: 'set', argv: ['--set'], needs: words('11 12 13') },
  { name: 'start-daemon', argv: words('--start-daemon master'), needs: words('--mcast-interface lo') },
  {
    name: 'stop-daemon',
    argv: words('--stop-daemon master'),
    needs: [],
    setup: [words('--start-daemon master --mcast-interface lo')],
  },
  { name: 'restore', argv: ['-R'], needs: [], stdin: '-A -t 10.0.0.9:80\n' },
  { name: 'save', argv: ['-S'], needs: [], setup: withServer },
  { name: 'zero', argv: ['-Z'], needs: [], setup: withServer },
];

/** Every option by its name in messages, with a value that is fine by itself. */
const options: Readonly<Record<string, string>> = {
  numeric: '-n',
  connection: '-c',
  'service-address': '-u 10.0.0.1:5060',
  scheduler: '-s wrr',
  persistent: '-p 300',
  netmask: '-M 255.255.255.0',
  'real-server': '-r 10.0.0.2:5060',
  'forwarding-method': '-m',
  weight: '-w 5',
  'u-threshold': '-x 20',
  'l-threshold': '-y 10',
  'mcast-interface': '--mcast-interface lo',
  timeout: '--timeout',
  daemon: '--daemon',
  stats: '--stats',
  rate: '--rate',
  thresholds: '--thresholds',
  'persistent-conn': '--persistent-conn',
  nosort: '--nosort',
  syncid: '--syncid 7',
  exact: '--exact',
  ops: '-o',
  pe: '--pe sip',
  'sched-flags': '-b flag-3',
  'mcast-group': '--mcast-group 224.0.0.82',
  'mcast-port': '--mcast-port 8849',
  'mcast-ttl': '--mcast-ttl 2',
  'sync-maxlen': '--sync-maxlen 1400',
  'tun-info': '--tun-info',
  'tun-type': '--tun-type ipip',
  'tun-port': '--tun-port 6080',
  'tun-nocsum': '--tun-nocsum',
  'tun-csum': '--tun-csum',
  'tun-remcsum': '--tun-remcsum',
};

const names = Object.keys(options);
const valueOf = (name: string): string[] => words(options[name] ?? '');

const lab = new Lab('legality');

test('every command and option of our table is tried', () => {
  assert.deepEqual(
    commands.map(({ name }) => name),
    [...commandNames],
  );
  // The original does not know --json.
  assert.deepEqual([...names, 'json', 'proc'], [...optionNames]);
});

function lineOf(command: Command, argv: readonly string[]): Case {
  return { argv: [...command.argv, ...argv], setup: command.setup, stdin: command.stdin };
}

for (const command of commands) {
  lab.table(`${command.name}: alone, and with each option instead of what it needs`, [
    lineOf(command, []),
    ...names.map((name) => lineOf(command, valueOf(name))),
  ]);
  if (command.needs.length > 0) {
    lab.table(`${command.name}: each option besides what it needs`, [
      lineOf(command, command.needs),
      ...names.map((name) => lineOf(command, [...command.needs, ...valueOf(name)])),
    ]);
  }
}

const [addService, , , , list, addServer, , editServer] = commands;
if (!addService || !list || !addServer || !editServer) throw new Error('a command is missing');

lab.table(
  'an option given twice is refused by its name',
  names.map((name) => lineOf(list, [...valueOf(name), ...valueOf(name)])),
);

lab.table('different spellings of one option count as the same', [
  ...[
    '-t 10.0.0.1:80 -u 10.0.0.1:80',
    '-u 10.0.0.1:80 -f 1',
    '-f 1 --sctp-service 10.0.0.1:80',
    '-t 10.0.0.1:80 -f 1',
  ].map((text) => lineOf(list, words(text))),
  ...['-g -i', '-i -m', '-m -g', '--gatewaying --ipip', '--masquerading -m'].map((text) =>
    lineOf(addServer, [...addServer.needs, ...words(text)]),
  ),
  ...[
    '--sort --sort',
    '--sort --nosort',
    '--nosort --sort',
    '-6 -f 1',
    '-f 1 -6',
    '-f 1 -6 -6',
    '--exact --exact',
    '-n --numeric',
  ].map((text) => lineOf(list, words(text))),
]);

/** What can be asked of a listing; each pair either goes together, loses against the other, or conflicts. */
const ofListings = [
  'numeric',
  'connection',
  'service-address',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'exact',
  'tun-info',
];
lab.table(
  'listings: every pair of options, in both orders',
  ofListings.flatMap((first) =>
    ofListings
      .filter((second) => second !== first)
      .map((second) => lineOf(list, [...valueOf(first), ...valueOf(second)])),
  ),
);
lab.table(
  'an illegal option is named before a later one, a missing one before both',
  [
    '-w 1 -s rr',
    '-s rr -w 1',
    '-x 5 -y 5',
    '-y 5 -x 5',
    '--pe sip -M 255.0.0.0',
    '-M 255.0.0.0 --pe sip',
    '-b flag-1 --syncid 3',
    '-o -g',
  ].flatMap((text) => [list, addServer, addService].map((command) => lineOf(command, words(text)))),
);

const methods = ['', '-g', '-i', '-m'];
const tunnelTypes = ['', '--tun-type ipip', '--tun-type gue', '--tun-type gre'];
const tunnelPorts = ['', '--tun-port 6080'];
const checksums = [
  '',
  '--tun-nocsum',
  '--tun-csum',
  '--tun-remcsum',
  '--tun-nocsum --tun-csum',
  '--tun-csum --tun-remcsum',
  '--tun-remcsum --tun-nocsum',
];
const joined = (...texts: readonly string[]): string[] => texts.filter((text) => text !== '').flatMap(words);

lab.table(
  'tunnels: every type with every port and checksum option',
  tunnelTypes.flatMap((type) =>
    tunnelPorts.flatMap((port) =>
      checksums.map((checksum) => lineOf(addServer, [...addServer.needs, ...joined('-i', type, port, checksum)])),
    ),
  ),
);
lab.table(
  'tunnel options against the forwarding method',
  methods.flatMap((method) =>
    ['--tun-type ipip', '--tun-type gue --tun-port 1', '--tun-type gre', '--tun-csum', '--tun-port 9'].map((tunnel) =>
      lineOf(editServer, [...editServer.needs, ...joined(tunnel, method)]),
    ),
  ),
);
