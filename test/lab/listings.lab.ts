import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after } from 'node:test';
import { Lab, type Case } from './differential.js';
import { expiry, readableNames } from './normalise.js';
import type { Rules } from './reference.js';
import { nameHosts } from './surroundings.js';

const words = (text: string): string[] => text.split(' ');
const rules = (...lines: readonly string[]): Rules => lines.map(words);

const lab = new Lab('listings');
await nameHosts(lab.shell);

const layouts = ['', ' --stats', ' --rate', ' --thresholds', ' --persistent-conn', ' --tun-info'];
const looks = ['-L -n', '-L'];

/** Tables that hold all that a listing can show. None has thresholds but the one of that name: `-S` differs there. */
const tables: Readonly<Record<string, Rules>> = {
  'IPv4, wide and narrow names': rules(
    '-A -t 10.0.0.1:80 -s rr',
    '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1',
    '-a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 10',
    '-a -t 10.0.0.1:80 -r 10.0.0.4:80 -i -w 100',
    '-a -t 10.0.0.1:80 -r 10.0.0.5:80 -m',
    '-a -t 10.0.0.1:80 -r 10.0.0.6:80 -m',
    '-a -t 10.0.0.1:80 -r 10.0.0.7:65535 -m',
    '-a -t 10.0.0.1:80 -r 10.0.0.8:443 -m',
    '-a -t 10.0.0.1:80 -r 10.0.0.9:8080 -m',
    '-a -t 10.0.0.1:80 -r 10.0.0.10:514 -m',
    '-a -t 10.0.0.1:80 -r 10.0.0.99:80 -m',
    '-a -t 10.0.0.1:80 -r 127.0.0.1:80 -m',
    '-A -u 10.0.0.1:53 -s wrr',
    '-a -u 10.0.0.1:53 -r 10.0.0.2:53 -g',
    '-a -u 10.0.0.1:53 -r 10.0.0.3:53 -g',
    '-A -u 10.0.0.1:514 -s rr',
    '-a -u 10.0.0.1:514 -r 10.0.0.3:514 -m',
    '-A --sctp-service 10.0.0.1:80 -s wlc',
    '-a --sctp-service 10.0.0.1:80 -r 10.0.0.2:80 -m',
    '-A --sctp-service 10.0.0.1:2905 -s wlc',
    '-A -t 10.0.0.4:80 -s wlc',
    '-a -t 10.0.0.4:80 -r 10.0.0.4:80',
    '-A -t 10.0.0.5:443 -s wlc',
    '-A -t 10.0.0.6:80 -s wlc',
    '-A -t 10.0.0.7:80 -s wlc',
    '-A -t 10.0.0.7:65535 -s wlc',
    '-A -t 255.255.255.255:65535 -s wlc',
    '-a -t 255.255.255.255:65535 -r 10.0.0.10:65535 -m',
  ),
  'IPv6, wide and narrow names': rules(
    '-A -t [2001:db8::1]:80 -s rr',
    '-a -t [2001:db8::1]:80 -r [2001:db8::2]:8080 -m',
    '-a -t [2001:db8::1]:80 -r [2001:db8::3]:80 -g -w 2',
    '-a -t [2001:db8::1]:80 -r [2001:db8::8]:80 -i -w 3',
    '-a -t [2001:db8::1]:80 -r [2001:db8::99]:80 -m',
    '-a -t [2001:db8::1]:80 -r [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -m',
    '-A -u [2001:db8::1]:53 -s wrr',
    '-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g',
    '-A --sctp-service [2001:db8::1]:80 -s lc',
    '-a --sctp-service [2001:db8::1]:80 -r [2001:db8::2]:80 -m',
    '-A -t [2001:db8::3]:443 -s wlc',
    '-a -t [2001:db8::3]:443 -r [2001:db8::3]:443 -m',
    '-A -t [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -s wlc',
    '-a -t [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -r [2001:db8::2]:65535 -m',
    '-A -t [fd00::]:1 -s wlc',
    '-A -t [::10.0.0.1]:80 -s wlc',
    '-a -t [::10.0.0.1]:80 -r [::10.0.0.2]:80 -m',
    '-a -t [::10.0.0.1]:80 -r [::10.0.0.2]:8080 -m',
    '-A -t [64:ff9b::10.0.0.1]:80 -s wlc',
  ),
  'firewall marks': rules(
    '-A -f 1 -s rr',
    '-a -f 1 -r 10.0.0.2:80 -m',
    '-a -f 1 -r 10.0.0.2:0 -g',
    '-a -f 1 -r 10.0.0.4:8080 -i',
    '-A -f 1 -6 -s wlc',
    '-a -f 1 -6 -r [2001:db8::2]:80 -m',
    '-a -f 1 -6 -r [2001:db8::3]:0 -g',
    '-A -f 65536 -s wlc -p 60',
    '-A -f 2147483647 -s sh -b sh-port',
    '-a -f 2147483647 -r 10.0.0.2 -m',
    '-A -f 2147483647 -6 -s rr -p 70 -M 48',
    '-A -f 7 -s rr -o',
  ),
  persistence: rules(
    '-A -t 10.0.0.1:80 -s wlc -p',
    '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m',
    '-A -t 10.0.0.1:0 -s wlc -p 1',
    '-a -t 10.0.0.1:0 -r 10.0.0.2:0 -g',
    '-A -t 10.0.0.1:443 -s rr -p 2678400 -M 255.255.255.0',
    '-A -t 10.0.0.1:444 -s rr -p 300 -M 255.255.255.255',
    '-A -t 10.0.0.1:445 -s rr -M 255.0.0.0',
    '-A -t 10.0.0.1:446 -s rr -p 300 -M 0.0.0.24',
    '-A -t [2001:db8::1]:80 -s rr -p 300 -M 64',
    '-A -t [2001:db8::1]:81 -s rr -p 300 -M 128',
    '-A -t [2001:db8::1]:82 -s rr -p 300 -M 1',
    '-A -t [2001:db8::1]:83 -s rr -M 32',
    '-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip',
    '-a -u 10.0.0.1:5060 -r 10.0.0.2:5060 -m',
    '-A -u 10.0.0.1:5061 -s rr -p 60 -M 255.255.0.0 --pe sip -o',
    '-A -u 10.0.0.1:5062 -s sh -p 60 -M 255.255.0.0 --pe sip -b sh-fallback,sh-port',
    '-A -u 10.0.0.1:5063 -s rr -o',
    '-A -u 10.0.0.1:5064 -s rr --pe sip',
    '-A -u [2001:db8::1]:5060 -s rr -p 60 -M 48 --pe sip -o -b flag-1',
    '-A -f 3 -s rr -p 60 -M 255.255.255.0 -o',
    '-A -f 3 -6 -s rr -p 60 -M 64 --pe sip',
  ),
  'schedulers and their flags': [
    ...['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'].flatMap(
      (scheduler, index) => rules(`-A -t 10.0.0.1:${3000 + index} -s ${scheduler}`),
    ),
    ...['rr', 'wlc', 'dh'].flatMap((scheduler, index) =>
      ['flag-1', 'flag-2', 'flag-3', 'flag-1,flag-3', 'flag-3,flag-2,flag-1'].flatMap((flags, flag) =>
        rules(`-A -t 10.0.0.1:${4000 + 10 * index + flag} -s ${scheduler} -b ${flags}`),
      ),
    ),
    ...['sh', 'mh'].flatMap((scheduler, index) =>
      [
        `${scheduler}-fallback`,
        `${scheduler}-port`,
        `${scheduler}-fallback,${scheduler}-port`,
        'flag-1',
        'flag-2',
        'flag-2,flag-1',
      ].flatMap((flags, flag) => rules(`-A -u 10.0.0.1:${5000 + 10 * index + flag} -s ${scheduler} -b ${flags} -p 9`)),
    ),
  ],
  tunnels: rules(
    '-A -t 10.0.0.1:80 -s rr',
    ...[
      '--tun-type ipip',
      '--tun-type gue --tun-port 6080',
      '--tun-type gue --tun-port 1 --tun-nocsum',
      '--tun-type gue --tun-port 65535 --tun-csum',
      '--tun-type gue --tun-port 65535 --tun-remcsum',
      '--tun-type gre',
      '--tun-type gre --tun-nocsum',
      '--tun-type gre --tun-csum',
    ].map((tunnel, index) => `-a -t 10.0.0.1:80 -r 10.0.0.${index + 2} -i -w ${index} ${tunnel}`),
    '-a -t 10.0.0.1:80 -r 10.0.0.20 -g',
    '-a -t 10.0.0.1:80 -r 10.0.0.21 -m',
    '-a -t 10.0.0.1:80 -r 127.0.0.1 -m',
    '-A -t [2001:db8::1]:80 -s rr',
    '-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -i --tun-type gue --tun-port 6080 --tun-csum',
    '-a -t [2001:db8::1]:80 -r [2001:db8::3]:80 -i --tun-type gre',
    '-a -t [2001:db8::1]:80 -r [2001:db8:1111:2222:3333:4444:5555:6666]:80 -i',
    '-A -f 9 -s rr',
    '-a -f 9 -r 10.0.0.2:81 -i --tun-type gre --tun-csum',
  ),
  'servers of another family': rules(
    '-A -t 10.0.0.1:80 -s rr',
    '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -i',
    '-a -t 10.0.0.1:80 -r [2001:db8::2]:80 -i',
    '-a -t 10.0.0.1:80 -r [2001:db8::3]:80 -i --tun-type gue --tun-port 7',
    '-a -t 10.0.0.1:80 -r [::5]:80 -i',
    '-a -t 10.0.0.1:80 -r 40.0.0.1:80 -i',
    '-a -t 10.0.0.1:80 -r 200.0.0.1:80 -i',
    '-A -t [2001:db8::1]:80 -s rr',
    '-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -i',
    '-a -t [2001:db8::1]:80 -r 10.0.0.2:80 -i',
    '-a -t [2001:db8::1]:80 -r 10.0.0.4:80 -i',
    '-A -f 5 -s rr',
    '-a -f 5 -r [2001:db8::2]:80 -i',
    '-A -f 5 -6 -s rr',
    '-a -f 5 -6 -r 10.0.0.2:80 -i',
  ),
  weights: rules(
    '-A -t 10.0.0.1:80 -s wrr',
    ...[0, 1, 65535, 65536, 999999, 9999999, 2147483647].map(
      (weight, index) => `-a -t 10.0.0.1:80 -r 10.0.0.${index + 2}:80 -m -w ${weight}`,
    ),
  ),
  'servers on the director itself': rules(
    '-A -t 10.0.0.1:80 -s rr',
    '-a -t 10.0.0.1:80 -r 127.0.0.1:80 -g',
    '-a -t 10.0.0.1:80 -r 127.0.0.2:80 -i',
    '-a -t 10.0.0.1:80 -r 127.0.0.3:8080 -m',
    '-A -t [2001:db8::1]:80 -s rr',
    '-a -t [2001:db8::1]:80 -r [::1]:80 -g',
    '-A -f 1 -s rr',
    '-a -f 1 -r 127.0.0.1:0 -g',
  ),
  'order of addresses, ports and protocols': rules(
    ...[
      '192.168.0.1:80',
      '10.0.0.1:443',
      '10.0.0.1:80',
      '10.0.0.2:80',
      '192.168.0.1:8',
      '172.16.0.1:80',
      '10.0.1.0:65535',
      '10.0.1.0:1',
    ].flatMap((address) => [`-A -u ${address} -s rr`, `-A -t ${address} -s rr`, `-A --sctp-service ${address} -s rr`]),
    '-A -f 30 -s rr',
    '-A -t [2001:db8::2]:80 -s rr',
    '-A -t [2001:db8::1]:443 -s rr',
    '-A -t [fd00::1]:80 -s rr',
    '-A -t [::1]:80 -s rr',
    '-A -t [2001:db8::1]:80 -s rr',
    '-A -u [2001:db8::1]:80 -s rr',
    '-A -u [2001:db8::100]:80 -s rr',
    '-A -u [2001:db8::2]:80 -s rr',
    '-A -u [2001:db8:9000::1]:80 -s rr',
    '-A -u [2001:db8:0:1::1]:80 -s rr',
    '-A -u [2001:db8::a000:1]:80 -s rr',
    '-A -u [2001:db8::9000:0:1]:80 -s rr',
    '-A -f 4 -6 -s rr',
    '-A -f 4 -s rr',
    '-A -f 2147483647 -s rr',
    ...['192.168.0.9:80', '10.0.0.9:81', '10.0.0.9:80', '172.16.0.9:1', '10.0.0.3:65535', '192.168.0.8:80'].map(
      (server) => `-a -t 10.0.0.1:80 -r ${server} -m`,
    ),
    ...['[2001:db8::9]:80', '[fd00::9]:80', '[::9]:80', '[2001:db8::9]:8', '[2001:db8::8]:99'].map(
      (server) => `-a -t [2001:db8::1]:80 -r ${server} -m`,
    ),
  ),
  nothing: [],
};

for (const [name, setup] of Object.entries(tables)) {
  const lines = [
    ...looks.flatMap((look) => layouts.map((layout) => `${look}${layout}`)),
    '-L -n -X',
    '-L -n --nosort',
    '-L --nosort --tun-info',
    '-l -n --sort',
    '-S -n',
  ];
  lab.table(`${name}: every layout`, [
    ...lines.map((line) => ({ argv: words(line), setup, title: `${name}: ${line}` })),
    { argv: ['-S'], setup, title: `${name}: -S`, normalise: [readableNames] },
    { argv: [], setup, title: `${name}: no arguments` },
  ]);
}

const thresholds = rules(
  '-A -t 10.0.0.1:80 -s rr',
  '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -x 10',
  '-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -x 70000 -y 7',
  '-a -t 10.0.0.1:80 -r 10.0.0.4:80 -m -x 2147483647 -y 2147483646',
  '-a -t 10.0.0.1:80 -r 10.0.0.5:80 -m',
  '-A -t [2001:db8::1]:80 -s rr',
  '-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -m -x 1000000 -y 5',
);
lab.table(
  'thresholds: every layout',
  looks.flatMap((look) => layouts.map((layout) => ({ argv: words(`${look}${layout}`), setup: thresholds }))),
);

const selectable = rules(
  '-A -t 10.0.0.1:80 -s rr',
  '-a -t 10.0.0.1:80 -r 10.0.0.4:8080 -m -w 3',
  '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3',
  '-A -u 10.0.0.1:80 -s wrr -o',
  '-a -u 10.0.0.1:80 -r 10.0.0.2:80 -g',
  '-A --sctp-service 10.0.0.1:80 -s lc',
  '-A -t [2001:db8::1]:80 -s sh -b sh-port',
  '-a -t [2001:db8::1]:80 -r [2001:db8::3]:80 -i --tun-type gre',
  '-A -f 1 -s rr -p 60 -M 255.255.255.0',
  '-a -f 1 -r 10.0.0.2 -m',
  '-A -f 1 -6 -s rr -p 60 -M 64',
  '-a -f 1 -6 -r [2001:db8::2]:0 -i',
);
lab.table('one service: every way to name it, in every layout', [
  ...[
    '-t 10.0.0.1:80',
    '-u 10.0.0.1:80',
    '--sctp-service 10.0.0.1:80',
    '-t [2001:db8::1]:80',
    '-f 1',
    '-f 1 -6',
  ].flatMap((key) =>
    looks.flatMap((look) => layouts.map((layout) => ({ argv: words(`${look} ${key}${layout}`), setup: selectable }))),
  ),
  ...['-t 10.0.0.1:80 -n --nosort', '-f 1 -X', '-t vip:http', '-t 10.0.0.1:81', '-f 2 -n', '-f 2 -6', '-u vip'].map(
    (rest) => ({ argv: words(`-L ${rest}`), setup: selectable }),
  ),
]);

lab.table('layouts that are given together: the first in the original order wins', [
  ...[
    '--rate --stats',
    '--thresholds --rate',
    '--persistent-conn --thresholds',
    '--tun-info --persistent-conn',
    '--tun-info --persistent-conn --thresholds --rate --stats',
    '--stats --exact',
    '--rate -X',
    '--stats -X --nosort',
  ].map((rest) => ({ argv: words(`-L -n ${rest}`), setup: selectable })),
  ...['-Ln', '-ln', '-Ln --sort --sort', '--list --numeric', '-LnX', '-Lt 10.0.0.1:80 -n'].map((line) => ({
    argv: words(line),
    setup: selectable,
  })),
  ...['-Sn', '--save', '--save --numeric', '-S --sort'].map((line) => ({
    argv: words(line),
    setup: selectable,
    normalise: [readableNames],
  })),
]);

// Timeouts and daemons --------------------------------------------------------------------------------------------------

lab.table('timeouts', [
  ...['--set 1 2 3', '--set 2678400 2678400 2678400', '--set 0 0 7', '--set 77 0 0'].map((set) => ({
    argv: words('-L --timeout'),
    setup: rules(set),
    title: `timeouts after ${set}`,
  })),
  { argv: words('-L --timeout') },
  { argv: words('-L --timeout -n') },
]);
lab.table(
  'synchronisation daemons',
  [
    [],
    ['master --mcast-interface lo'],
    ['backup --mcast-interface lo --syncid 255'],
    ['master --mcast-interface lo --syncid 1', 'backup --mcast-interface lo --syncid 2'],
    ['master --mcast-interface lo --mcast-group 239.1.2.3 --mcast-port 65535 --mcast-ttl 255 --sync-maxlen 1400'],
    ['backup --mcast-interface lo --mcast-group 224.0.0.1 --mcast-port 1 --mcast-ttl 1 --sync-maxlen 65507'],
    ['backup --mcast-interface lo --mcast-group ff02::81 --mcast-port 8849'],
    ['backup --mcast-interface lo --mcast-group ff02:1234:5678:9abc:def0:1234:5678:9abc'],
  ].map((daemons) => ({
    argv: words('-L --daemon'),
    setup: rules(...daemons.map((daemon) => `--start-daemon ${daemon}`)),
    title: `daemons: ${daemons.join(', ')}`,
  })),
);

// Live counters -----------------------------------------------------------------------------------------------------------

const tcpServers: Server[] = [];
const sockets = new Set<Socket | DatagramSocket>();
after(() => {
  for (const server of tcpServers) server.close();
  for (const socket of sockets) {
    if ('destroy' in socket) socket.destroy();
    else socket.close();
  }
});

/** A server that answers what it is sent. @returns its port. */
async function echoServer(address: string): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  tcpServers.push(server);
  server.listen(0, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Sends something through a virtual service and waits for it to come back. */
async function talk(host: string, port: number, text: string, localAddress?: string): Promise<Socket> {
  const socket = connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
  sockets.add(socket);
  await once(socket, 'connect');
  socket.write(text);
  for (let received = 0; received < text.length;) received += ((await once(socket, 'data')) as [Buffer])[0].length;
  return socket;
}

async function hangUp(socket: Socket): Promise<void> {
  socket.end();
  await once(socket, 'close');
}

/** A datagram from an address and port of its own; no answer is waited for. */
async function datagram(from: string, fromPort: number, to: string, port: number, text: string): Promise<void> {
  const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
  sockets.add(socket);
  socket.bind(fromPort, from);
  await once(socket, 'listening');
  await new Promise((resolve) => {
    socket.send(text, port, to, resolve);
  });
}

/** Counters are brought up to date every two seconds. */
const settling = 2200;

async function traffic(): Promise<void> {
  await lab.shell.script(`
ip link add dummy9 type dummy && ip link set dummy9 up
for address in 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5; do ip address add $address/32 dev dummy9; done
for address in 1 2 3; do ip address add 2001:db8::$address/128 dev dummy9 nodad; done`);
  const [one, two, six] = await Promise.all(['10.0.0.2', '10.0.0.4', '2001:db8::2'].map(echoServer));
  const { complaints } = await lab.reference.stage(
    rules(
      '-A -t 10.0.0.1:80 -s rr',
      `-a -t 10.0.0.1:80 -r 10.0.0.2:${one ?? 0} -m`,
      `-a -t 10.0.0.1:80 -r 10.0.0.4:${two ?? 0} -m`,
      '-A -t 10.0.0.1:443 -s rr -p 300 -M 255.255.255.0',
      `-a -t 10.0.0.1:443 -r 10.0.0.2:${one ?? 0} -m -x 50 -y 20`,
      '-A -t 10.0.0.1:9 -s rr',
      '-a -t 10.0.0.1:9 -r 10.0.0.99:9 -m',
      '-A -u 10.0.0.1:53 -s rr',
      '-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m',
      '-A -u 10.0.0.1:5060 -s rr -p 600 --pe sip',
      '-a -u 10.0.0.1:5060 -r 10.0.0.2:5060 -m',
      '-A -u 10.0.0.1:514 -s rr -o',
      '-a -u 10.0.0.1:514 -r 10.0.0.2:514 -m',
      '-A -t [2001:db8::1]:80 -s rr -p 60 -M 64',
      `-a -t [2001:db8::1]:80 -r [2001:db8::2]:${six ?? 0} -m`,
      '-A -u [2001:db8::1]:53 -s rr',
      '-a -u [2001:db8::1]:53 -r [2001:db8::3]:53 -m',
    ),
  );
  if (complaints !== '') throw new Error(complaints);
  for (const from of ['10.0.0.3', '10.0.0.4', '10.0.0.5']) {
    await talk('10.0.0.1', 80, 'x'.repeat(100), from);
    await hangUp(await talk('10.0.0.1', 80, 'y'.repeat(100_000), from));
    await talk('10.0.0.1', 443, 'z', from);
  }
  await talk('2001:db8::1', 80, 'six', '2001:db8::3');
  await hangUp(await talk('2001:db8::1', 80, 'six', '2001:db8::3'));
  // Nobody is there: the connection stays half open.
  const halfOpen = connect({ host: '10.0.0.1', port: 9 });
  sockets.add(halfOpen.on('error', () => undefined));
  for (const port of [1024, 8080, 65535]) await datagram('10.0.0.3', port, '10.0.0.1', 53, 'question');
  await datagram('10.0.0.3', 1025, '10.0.0.1', 514, 'one packet');
  await datagram('2001:db8::3', 1026, '2001:db8::1', 53, 'question');
  for (const [port, call] of [
    [5060, 'a-short-one'],
    [5061, `a-longer-one-${'0123456789'.repeat(5)}@a-rather-long-host-name.example`],
  ] as const) {
    await datagram(
      '10.0.0.3',
      port,
      '10.0.0.1',
      5060,
      `REGISTER sip:vip.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.3\r\nCall-ID: ${call}\r\nContent-Length: 0\r\n\r\n`,
    );
  }
  await new Promise((resolve) => setTimeout(resolve, settling));
}

const live = (argv: string, more: Partial<Case> = {}): Case => ({ argv: words(argv), title: `live: ${argv}`, ...more });

lab.live('a table with connections: every layout, and the connections', traffic, [
  ...looks.flatMap((look) => layouts.map((layout) => live(`${look}${layout}`))),
  live('-L -n --stats --exact', { says: `TCP  10.0.0.1:80${' '.repeat(25)}6 ` }),
  live('-L -n --rate -X'),
  live('-L -n -t 10.0.0.1:80 --stats'),
  live('-L -t [2001:db8::1]:80 --persistent-conn'),
  live('-L -n -u 10.0.0.1:5060'),
  ...['-L -c -n', '-L -c', '-L -c -n --persistent-conn', '-L -c --persistent-conn', '-Lcn', '-lc'].map((argv) =>
    live(argv, { normalise: [expiry] }),
  ),
  live('-Lcn --sort', {
    title: 'live: connections of TCP, of half-open ones, of IPv6 and of SIP are all there',
    normalise: [expiry],
    says: 'ESTABLISHED',
  }),
  live('-Lcn --persistent-conn --sort', {
    title: 'live: what the persistence engine knows is shown',
    normalise: [expiry],
    says: 'a-short-one',
  }),
]);
