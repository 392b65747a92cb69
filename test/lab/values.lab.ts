import { Lab, type Case } from './differential.js';
import type { Rules } from './reference.js';
import { nameHosts } from './surroundings.js';

const words = (text: string): string[] => text.split(' ');
const rules = (...lines: readonly string[]): Rules => lines.map(words);

const lab = new Lab('values');
await nameHosts(lab.shell);

interface Place {
  readonly title: string;
  /** A command line; `%` stands for the value. */
  readonly line: string;
  readonly setup?: Rules;
}

/** Tries every value in one place. */
function probe(place: Place, values: readonly string[]): void {
  lab.table(place.title, fill(place, values));
}

function fill({ line, setup }: Place, values: readonly string[]): Case[] {
  return values.map((value) => ({ argv: words(line).map((word) => word.replace('%', () => value)), setup }));
}

const tcp = rules('-A -t 10.0.0.1:80');
const tcp6 = rules('-A -t [2001:db8::1]:80');
const mark = rules('-A -f 1');

// Addresses -----------------------------------------------------------------------------------------------------------

const digitsOfAddresses = [
  '10.0.0.1:80',
  '10.1:80',
  '10.1.2:80',
  '10:80',
  '0x0a000002:80',
  '0x0a.0.0.2:80',
  '0X0A.2:80',
  '010.0.0.2:80',
  '08.0.0.1:80',
  '0x.1:80',
  '10.0.0.0x:80',
  '167772161:80',
  '4294967295:80',
  '4294967296:80',
  '037777777777:80',
  '10.65536:80',
  '10.16777215:80',
  '10.16777216:80',
  '10.1.65535:80',
  '10.1.65536:80',
  '10.0.0.256:80',
  '10.0.0.1.2:80',
  '1.2.3.4.:80',
  '.1.2.3:80',
  '1..2:80',
  '+10.0.0.1:80',
  '-1:80',
  '0:80',
  '0.0.0.0:80',
  '255.255.255.255:80',
  '224.0.0.1:80',
  '127.0.0.1:80',
  '10.0.0.1 junk:80',
  '10.0.0.1 :80',
  '10.0.0.1\t:80',
  ' 10.0.0.1:80',
  '10.0.0.1:80 ',
  '10.0.0.1\n:80',
  '10.0.0.1x:80',
  '10.0.0.1:80:90',
  '10.0.0.1::80',
  ':80',
  ':',
  '::',
  '',
  ' ',
  '80',
  '167772161',
  '10',
  '0x0a000001',
  '10.0.0.1',
  '10.0.0.1:',
  '10.0.0.1:0',
];

const ipv6Addresses = [
  '[2001:db8::1]:80',
  '[2001:db8::1]:http',
  '[2001:db8::1]:0',
  '[2001:db8::1]:',
  '[2001:db8::1]80',
  '[2001:db8::1]x:80',
  '[2001:db8::1',
  '[2001:db8::1:80',
  '2001:db8::1]:80',
  '2001:db8::1',
  '2001:db8::1:80',
  '[]:80',
  '[]',
  '[',
  ']',
  '[:80',
  '[::]:80',
  '::1',
  '[::ffff:10.0.0.1]:80',
  '[::10.0.0.1]:80',
  '::ffff:10.0.0.1',
  '[fe80::1%lo]:80',
  '[fe80::1%1]:80',
  '[ff02::1]:80',
  '[2001:DB8::A]:80',
  '[2001:0db8:0000:0000:0000:0000:0000:0001]:80',
  '[2001:db8:0:0:1::]:80',
  '[2001:db8:::1]:80',
  '[12345::1]:80',
  '[1:2:3:4:5:6:7:8]:80',
  '[1:2:3:4:5:6:7:8:9]:80',
  '[1:2:3:4:5:6:7::]:80',
  '[ 2001:db8::1]:80',
  '[2001:db8::1 ]:80',
  '[[2001:db8::1]]:80',
  '[2001:db8::1]:80:90',
  '[2001:db8::g]:80',
  '[vip6]:80',
];

const names = [
  'web:80',
  'web',
  'web:',
  'web:http',
  'WEB:80',
  'UPPER:80',
  'alias-second:80',
  'web3.example:80',
  'web3.example.:80',
  'web6:80',
  'both:80',
  'localhost:80',
  'ip6-localhost:80',
  'nowhere.invalid:80',
  'we b:80',
  '-web:80',
  `${'a'.repeat(63)}:80`,
  `${'a'.repeat(300)}:80`,
  `${'long.'.repeat(400)}example:80`,
  'w\u00e9b:80',
];

const ports = [
  'http',
  'HTTP',
  'https',
  'domain',
  'tftp',
  'syslog',
  'shell',
  'sip',
  'www',
  'nosuch',
  '+81',
  ' 80',
  '80 ',
  '-1',
  '-0',
  '0x50',
  '080',
  '00000000000000000000080',
  '65535',
  '65536',
  '65616',
  '4294967376',
  '18446744073709551696',
  '80x',
  '8 0',
  'http ',
  '8,0',
];

const everyAddress = [...digitsOfAddresses, ...ipv6Addresses, ...names];
const portless = ['10.0.0.2', '10.0.0.2:', '10.0.0.2:0', '2001:db8::2', '', ':', ':80', '80'];
probe({ title: 'addresses of TCP services', line: '-A -t %' }, everyAddress);
probe({ title: 'addresses of persistent UDP services', line: '-A -u % -p' }, everyAddress);
probe({ title: 'addresses of IPv4 servers', line: '-a -t 10.0.0.1:80 -r % -m', setup: tcp }, everyAddress);
probe({ title: 'addresses of tunnelled servers', line: '-a -t 10.0.0.1:80 -r % -i', setup: tcp }, ipv6Addresses);
probe({ title: 'addresses of IPv6 servers', line: '-a -t [2001:db8::1]:80 -r % -m', setup: tcp6 }, [
  ...ipv6Addresses,
  ...names,
  ...portless,
]);
probe({ title: 'addresses of servers of a firewall mark', line: '-a -f 1 -r % -m', setup: mark }, [
  ...names,
  ...portless,
]);

probe(
  {
    title: 'addresses to delete',
    line: '-d -t 10.0.0.1:80 -r %',
    setup: rules('-A -t 10.0.0.1:80', '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m'),
  },
  ['10.0.0.2:8080', '10.0.0.2', '10.0.0.2:80', 'web:8080', 'web', '10.2:8080', '[2001:db8::1]:80'],
);
probe({ title: 'addresses to list', line: '-L -n -t %', setup: tcp }, [
  '10.0.0.1:80',
  'vip:http',
  '10.1:80',
  '10.0.0.1',
  '10.0.0.1:0',
  '10.0.0.2:80',
  'x',
  '',
]);

for (const [title, line, setup] of [
  ['TCP', '-A -t 10.0.0.1:% -p', undefined],
  ['UDP', '-A -u 10.0.0.1:% -p', undefined],
  ['SCTP', '-A --sctp-service 10.0.0.1:% -p', undefined],
  ['IPv6', '-A -t [2001:db8::1]:% -p', undefined],
  ['servers', '-a -t 10.0.0.1:80 -r 10.0.0.2:% -m', tcp],
  ['servers of a UDP service', '-a -u 10.0.0.1:53 -r 10.0.0.2:% -m', rules('-A -u 10.0.0.1:53')],
  ['servers of a firewall mark', '-a -f 1 -r 10.0.0.2:% -m', mark],
] as const) {
  probe({ title: `ports: ${title}`, line, ...(setup && { setup }) }, ports);
}

lab.table('a server without a port, or on another one, by forwarding method', [
  ...['-g', '-i', '-m'].flatMap((method) =>
    ['10.0.0.2', '10.0.0.2:8080', '10.0.0.2:0', '10.0.0.2:http-alt'].flatMap((address) =>
      (
        [
          ['-t 10.0.0.1:80', tcp],
          ['-f 1', mark],
        ] as const
      ).map(([service, setup]) => ({
        argv: words(`-a ${service} -r ${address} ${method}`),
        setup,
      })),
    ),
  ),
  ...['-g', '-i', '-m'].map((method) => ({
    argv: words(`-e -t 10.0.0.1:80 -r 10.0.0.2:8080 ${method} -w 7`),
    setup: rules('-A -t 10.0.0.1:80', '-a -t 10.0.0.1:80 -r 10.0.0.2 -g', '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m'),
  })),
]);

const six = '2001:db8::2';
lab.table('families of service and server', [
  ...['-g', '-i', '-m'].flatMap((method) => [
    { argv: words(`-a -t 10.0.0.1:80 -r [${six}]:80 ${method}`), setup: tcp },
    { argv: words(`-a -t [2001:db8::1]:80 -r 10.0.0.2:80 ${method}`), setup: tcp6 },
    { argv: words(`-a -f 1 -r [${six}]:80 ${method}`), setup: mark },
    { argv: words(`-a -f 1 -6 -r 10.0.0.2:80 ${method}`), setup: rules('-A -f 1 -6') },
    { argv: words(`-a -f 1 -6 -r [${six}]:80 ${method}`), setup: rules('-A -f 1 -6') },
  ]),
]);

// Numbers -------------------------------------------------------------------------------------------------------------

const numbers = [
  '',
  ' ',
  '0',
  '1',
  '2',
  '+1',
  '-1',
  '-0',
  '--1',
  '+-1',
  '01',
  '010',
  '0x1',
  '1x',
  '1 ',
  ' 1',
  '\t1',
  '\n1',
  '\v1',
  '- 1',
  '1.5',
  '1e3',
  '1,0',
  'abc',
  '1abc',
  '\u0661',
  '00000000000000000000000000000000001',
  '255',
  '256',
  '257',
  '65507',
  '65508',
  '65535',
  '65536',
  '65537',
  '2678400',
  '2678401',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '4294967297',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551615',
  '18446744073709551616',
  '18446744073709551617',
  '-2147483648',
  '-4294967295',
  '-9223372036854775808',
  '-18446744073709551615',
  '99999999999999999999999999999999',
];

/** Enough for places that read numbers as others do: quantities around the limits, and a little that is none. */
const quantities = ['', '0x1', '1x', 'abc', ...numbers.filter((value) => /^[+-]?[1-9]\d*$|^0$/.test(value))];

for (const place of [
  { title: 'weights', line: '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -w %', setup: tcp },
  { title: 'persistence timeouts', line: '-A -t 10.0.0.1:80 -p %' },
  { title: 'timeouts of TCP', line: '--set % 1 1' },
  { title: 'sync ids of a master', line: '--start-daemon master --mcast-interface lo --syncid %' },
  { title: 'tunnel ports', line: '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port %', setup: tcp },
  { title: 'IPv4 persistence masks', line: '-A -t 10.0.0.1:80 -p 9 -M %' },
  { title: 'IPv6 persistence masks', line: '-A -t [2001:db8::1]:80 -p 9 -M %' },
]) {
  probe(place, numbers);
}
for (const place of [
  { title: 'upper thresholds', line: '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -x %', setup: tcp },
  { title: 'lower thresholds', line: '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -y %', setup: tcp },
  { title: 'persistence timeouts after an equals sign', line: '-A -t 10.0.0.1:80 --persistent=%' },
  { title: 'timeouts of TCP after FIN', line: '--set 1 % 1' },
  { title: 'timeouts of UDP', line: '--set 1 1 %' },
  {
    title: 'sync ids to stop',
    line: '--stop-daemon master --syncid %',
    setup: rules('--start-daemon master --mcast-interface lo --syncid 1'),
  },
  { title: 'multicast ports', line: '--start-daemon backup --mcast-interface lo --mcast-port %' },
  { title: 'multicast lifetimes', line: '--start-daemon master --mcast-interface lo --mcast-ttl %' },
  { title: 'lengths of sync messages', line: '--start-daemon master --mcast-interface lo --sync-maxlen %' },
  { title: 'firewall marks that nobody has', line: '-D -f %' },
]) {
  probe(place, quantities);
}
// Marks of 2147483648 and more are the allowed difference 5.
probe(
  { title: 'firewall marks', line: '-A -f %' },
  numbers.filter((value) => !/^(2147483648|4294967295)$/.test(value)),
);

lab.table('thresholds against each other', [
  ...[
    '-x 10 -y 5',
    '-x 10 -y 10',
    '-x 10 -y 11',
    '-y 11 -x 10',
    '-x 0 -y 5',
    '-x 0 -y 0',
    '-x 2147483647 -y 2147483647',
  ].flatMap((text) => [
    { argv: words(`-a -t 10.0.0.1:80 -r 10.0.0.2 ${text}`), setup: tcp },
    {
      argv: words(`-e -t 10.0.0.1:80 -r 10.0.0.2 ${text}`),
      setup: rules('-A -t 10.0.0.1:80', '-a -t 10.0.0.1:80 -r 10.0.0.2'),
    },
  ]),
]);

lab.table('--set takes exactly three values', [
  ...[
    '',
    '1',
    '1 2',
    '1 2 3',
    '1 2 3 4',
    '0 0 0',
    '0 0 5',
    '5 0 0',
    'x y z',
    '1 2 3 -n',
    '-n 1 2 3',
    '1 -- 2 3',
    '-- 1 2 3',
    '-- -1 2 3',
  ].map((text) => ({
    argv: ['--set', ...text.split(' ').filter((word) => word !== '')],
  })),
]);

// Words ---------------------------------------------------------------------------------------------------------------

const masks = [
  '255.255.255.0',
  '255.255.255.255',
  '0.0.0.0',
  '255.0.255.0',
  '0.0.0.1',
  '24',
  '0xffffff00',
  '0377.0.0.0',
  '255.255.255',
  'class-c-mask',
  'nowhere.invalid',
  '255.255.255.0 junk',
  ' 255.255.255.0',
  '255.255.255.256',
  '64',
  '128',
  '129',
  '64x',
  ' 64',
  '/64',
  'ffff:ffff::',
  '::',
  '10.0.0.0/8',
];
probe({ title: 'masks of IPv4 services', line: '-A -t 10.0.0.1:80 -p 60 -M %' }, masks);
probe({ title: 'masks of IPv6 services', line: '-A -t [2001:db8::1]:80 -p 60 -M %' }, masks);
probe({ title: 'masks of IPv4 firewall marks', line: '-A -f 1 -p 60 -M %' }, masks);
probe({ title: 'masks of IPv6 firewall marks', line: '-A -f 1 -6 -p 60 -M %' }, masks);
probe({ title: 'masks without persistence', line: '-A -t 10.0.0.1:80 -M %' }, masks.slice(0, 6));

probe({ title: 'schedulers', line: '-A -t 10.0.0.1:80 -s %' }, [
  ...words('rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh RR none nosuch'),
  '',
  ' rr',
  'rr ',
  'fifteen-letters',
  'sixteen--letters',
  'seventeen-letters',
  'x'.repeat(100),
]);
probe({ title: 'persistence engines', line: '-A -u 10.0.0.1:5060 -p 60 --pe %' }, [
  'sip',
  'SIP',
  'nosuch',
  'none',
  '',
  ' ',
  'fifteen-letters',
  'sixteen--letters',
  'x'.repeat(100),
]);
lab.table('persistence engines without what they need', [
  ...[
    '-t 10.0.0.1:80 --pe sip',
    '-t 10.0.0.1:80 -p --pe sip',
    '-u 10.0.0.1:80 --pe sip',
    '-f 1 --pe sip',
    '-f 1 -p 60 --pe sip',
    '-u 10.0.0.1:80 -p --pe sip -o',
  ].map((text) => ({ argv: ['-A', ...words(text)] })),
]);

// An empty list is the allowed difference 6, and so is a flag that its scheduler has no name for.
const flags = [
  'sh-fallback',
  'sh-port',
  'mh-fallback',
  'mh-port',
  'flag-1',
  'flag-2',
  'flag-1,flag-2',
  'flag-2,flag-1',
  'flag-1,flag-1',
  'sh-fallback,sh-port',
  'sh-port,sh-fallback',
  'mh-port,mh-fallback',
  'sh-port,mh-port',
  'sh-port,flag-1',
  ',sh-port',
  'sh-port,',
  'sh-port,,sh-fallback',
  'flag-4',
  'flag-0',
  'FLAG-1',
  'sh-port sh-fallback',
  ' sh-port',
  'nosuch',
  'sh-port,nosuch',
  '0',
  '1',
  '',
];
for (const scheduler of ['sh', 'mh', 'rr'])
  probe({ title: `scheduler flags of ${scheduler}`, line: `-A -t 10.0.0.1:80 -s ${scheduler} -b %` }, flags);
probe({ title: 'scheduler flags of the default scheduler', line: '-A -t 10.0.0.1:80 -b %' }, [
  'sh-port',
  'flag-1',
  'flag-3',
  'flag-1,flag-2,flag-3',
  '',
]);
probe({ title: 'scheduler flags before the scheduler', line: '-A -t 10.0.0.1:80 -b % -s mh' }, [
  'sh-port',
  'mh-port',
  'flag-1',
]);
probe({ title: 'scheduler flags of other schedulers', line: '-A -t 10.0.0.1:80 -s wrr -b %' }, [
  'flag-3',
  'flag-1,flag-3',
  'flag-3,flag-2,flag-1',
]);
lab.table('scheduler flags when a service is edited', [
  ...['-s sh -b sh-port', '-s sh', '-b flag-1', '-s rr -b sh-port', '-s mh -b mh-fallback'].map((text) => ({
    argv: words(`-E -t 10.0.0.1:80 ${text}`),
    setup: rules('-A -t 10.0.0.1:80 -s sh -b sh-fallback'),
  })),
]);

probe({ title: 'tunnel types', line: '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type %', setup: tcp }, [
  'ipip',
  'gue',
  'gre',
  'IPIP',
  'Gre',
  'vxlan',
  '',
  ' ipip',
  'ipi',
  'ipipx',
  '0',
  '1',
]);
probe(
  {
    title: 'tunnel types with a port',
    line: '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-port 6080 --tun-type %',
    setup: tcp,
  },
  ['ipip', 'gue', 'gre', 'x'],
);
lab.table('a tunnel keeps and changes its checksum', [
  ...[
    'gre --tun-csum',
    'gre --tun-nocsum',
    'gre',
    'gue --tun-port 1',
    'gue --tun-port 65535 --tun-remcsum',
    'gue --tun-csum --tun-port 7',
    'ipip',
  ].map((text) => ({
    argv: words(`-e -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type ${text}`),
    setup: rules('-A -t 10.0.0.1:80', '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 6080 --tun-csum'),
  })),
  ...['--tun-csum', '--tun-nocsum', '--tun-remcsum', '--tun-port 5'].map((text) => ({
    argv: words(`-a -t 10.0.0.1:80 -r 10.0.0.2 -i ${text}`),
    setup: tcp,
  })),
]);

probe({ title: 'states of the sync daemon', line: '--start-daemon % --mcast-interface lo' }, [
  'master',
  'backup',
  'MASTER',
  'mast',
  'masters',
  'both',
  '',
  ' master',
  '1',
]);
probe(
  {
    title: 'states of the sync daemon to stop',
    line: '--stop-daemon %',
    setup: rules('--start-daemon backup --mcast-interface lo'),
  },
  ['master', 'backup', 'back', ''],
);
probe({ title: 'multicast interfaces', line: '--start-daemon master --mcast-interface %' }, [
  'lo',
  'eth0',
  'nosuch',
  '',
  ' ',
  'fifteen-letters',
  'sixteen--letters',
  'x'.repeat(200),
  'lo:1',
]);
probe({ title: 'multicast groups', line: '--start-daemon backup --mcast-interface lo --mcast-group %' }, [
  '224.0.0.81',
  '239.255.255.255',
  '223.255.255.255',
  '240.0.0.0',
  '0.0.0.0',
  '255.255.255.255',
  '224.1',
  '0xe0000051',
  '3758096465',
  'multicast-group',
  'web',
  'nowhere.invalid',
  '',
  '224.0.0.81:8848',
  '224.0.0.81 x',
  'ff02::81',
  'FF05::1:81',
  '[ff02::81]',
  'ff02::81%lo',
  '2001:db8::1',
  '::',
  '::ffff:224.0.0.1',
]);
lab.table('sync daemons side by side', [
  {
    argv: words('--start-daemon backup --mcast-interface lo --syncid 5'),
    setup: rules('--start-daemon master --mcast-interface lo --syncid 4'),
  },
  {
    argv: words('--start-daemon master --mcast-interface lo --syncid 5'),
    setup: rules('--start-daemon master --mcast-interface lo --syncid 4'),
  },
  {
    argv: words('--stop-daemon backup --syncid 5'),
    setup: rules('--start-daemon master --mcast-interface lo', '--start-daemon backup --mcast-interface lo'),
  },
  {
    argv: words(
      '--start-daemon master --mcast-interface lo --mcast-group 239.1.2.3 --mcast-port 1 --mcast-ttl 255 --syncid 255 --sync-maxlen 1472',
    ),
  },
  {
    argv: words(
      '--start-daemon backup --mcast-interface lo --mcast-group ff02::1:2 --mcast-port 65535 --mcast-ttl 1 --syncid 0 --sync-maxlen 1000',
    ),
  },
]);

// The allowed differences ---------------------------------------------------------------------------------------------

lab.table('3: an IPv6 address in brackets needs no port, and an IPv4 one keeps its port', [
  {
    argv: words('-A -t [2001:db8::1] -p 60'),
    allowed: {
      number: 3,
      reference: { status: 2, stderr: 'illegal virtual server address[:port] specified\n', table: /^IP Virtual/ },
      ours: { status: 0, stderr: '', table: /^-A -t \[2001:db8::1\]:0 -s wlc -p 60$/m },
    },
  },
  {
    argv: words('-a -t [2001:db8::1]:80 -r [2001:db8::2] -m'),
    setup: tcp6,
    allowed: {
      number: 3,
      reference: {
        status: 2,
        stderr: 'illegal real server address[:port] specified\n',
        table: '-A -t [2001:db8::1]:80 -s wlc\nIP',
      },
      ours: { status: 0, stderr: '', table: '-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -m -w 1\n' },
    },
  },
  {
    argv: words('-A -t [10.0.0.2]:8080'),
    allowed: {
      number: 3,
      reference: { status: 2, stderr: 'Zero port specified for non-persistent service\n', table: /^IP Virtual/ },
      ours: { status: 0, stderr: '', table: '-A -t 10.0.0.2:8080 -s wlc\n' },
    },
  },
]);

lab.table('5: a firewall mark of 2147483648 and more stays the number it is', [
  ...(['2147483648 -2147483648', '4294967295 -1'] as const).flatMap((pair) => {
    const [unsigned = '', signed = ''] = pair.split(' ');
    return [
      {
        argv: ['-L', '-n'],
        title: `lists the mark ${unsigned}`,
        setup: rules(`-A -f ${unsigned} -s rr`),
        allowed: { number: 5, reference: { stdout: `FWM  ${signed} rr\n` }, ours: { stdout: `FWM  ${unsigned} rr\n` } },
      },
      {
        argv: ['-S', '-n'],
        title: `saves the mark ${unsigned}`,
        setup: rules(`-A -f ${unsigned} -s rr`),
        allowed: {
          number: 5,
          reference: { stdout: `-A -f ${signed} -s rr\n` },
          ours: { stdout: `-A -f ${unsigned} -s rr\n` },
        },
      },
    ];
  }),
]);
lab.table('a firewall mark of 2147483648 and more can be changed all the same', [
  ...['-E -f 4294967295 -s rr', '-D -f 4294967295', '-a -f 4294967295 -r 10.0.0.2', '-Z -f 4294967295'].map((line) => ({
    argv: words(line),
    setup: rules('-A -f 4294967295'),
  })),
  ...['2147483648', '4294967295'].map((value) => ({ argv: ['-A', '-f', value] })),
]);

lab.table('6: an empty list of scheduler flags is refused, and a flag without a name is written as one', [
  ...[',', ',,', ',,,'].map((list) => ({
    argv: ['-A', '-t', '10.0.0.1:80', '-s', 'sh', '-b', list],
    allowed: {
      number: 6,
      reference: { status: 139, stderr: 'Segmentation fault' },
      ours: { status: 2, stderr: `invalid scheduler flag \`${list}'\n` },
    },
  })),
  ...['sh', 'mh'].flatMap((scheduler) => [
    {
      title: `saves flag-3 of ${scheduler}`,
      argv: ['-S', '-n'],
      setup: rules(`-A -t 10.0.0.1:80 -s ${scheduler} -b flag-3`),
      allowed: {
        number: 6,
        reference: { stdout: `-s ${scheduler} -b \n` },
        ours: { stdout: `-s ${scheduler} -b flag-3\n` },
      },
    },
    {
      title: `lists flag-3 of ${scheduler}`,
      argv: ['-L', '-n'],
      setup: rules(`-A -t 10.0.0.1:80 -s ${scheduler} -b flag-3`),
      allowed: { number: 6, reference: { stdout: `${scheduler} ()\n` }, ours: { stdout: `${scheduler} (flag-3)\n` } },
    },
  ]),
]);

lab.table('13: zeroing 0.0.0.0 is no request to zero all', [
  { argv: words('-Z -t 0.0.0.0'), setup: rules('-A -t 0.0.0.0:0 -p 60', '-A -t 10.0.0.1:80') },
]);
