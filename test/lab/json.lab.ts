import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { after, before, test } from 'node:test';
import { ipvsadm } from './run-main.js';
import { Reference, Shell, type Rules } from './reference.js';

// --json on every form of -L, read by jq: our own, so there is nothing to compare it with but what it promises.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

const words = (text: string): string[] => text.split(' ');
const shell = new Shell();
const reference = new Reference(shell);
after(() => {
  shell.close();
});

const table: Rules = [
  '--set 1000 121 301',
  '-A -t 192.168.0.1:80 -s sh -p 60 -M 255.255.255.0 -b sh-port',
  '-A -t 10.0.0.1:80 -s wrr',
  '-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 0 --tun-type gue --tun-port 6080 --tun-csum',
  '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 5 -x 20 -y 10',
  '-A -f 4000000000 -6 -s rr',
].map(words);

before(async () => {
  const { complaints } = await reference.stage(table);
  assert.equal(complaints, '');
});

async function ours(text: string, connections?: string): Promise<string> {
  const machine = connections === undefined ? {} : { readFile: () => [Buffer.from(connections)] };
  const { stdout, stderr, status } = await ipvsadm(words(text), { machine });
  assert.deepEqual([stderr, status], ['', 0]);
  return stdout;
}

/** What jq makes of a text; numbers as it writes them. */
function jq(text: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync('jq', ['-c', ...args], { input: text, encoding: 'utf8' });
  assert.deepEqual([stderr, status], ['', 0]);
  return stdout.trimEnd();
}

const forms: readonly (readonly [command: string, filter: string, expected: string])[] = [
  [
    '-L --json',
    '[.services[] | [.address, .fwmark, .family]]',
    '[["10.0.0.1",null,"inet"],["192.168.0.1",null,"inet"],[null,4000000000,"inet6"]]',
  ],
  [
    '-L --json',
    '.services[0].servers | map([.address, .port, .forwarding, .weight, .upperThreshold, .lowerThreshold])',
    '[["10.0.0.2",8080,"masquerading",5,20,10],["10.0.0.3",80,"tunneling",0,0,0]]',
  ],
  ['-L --json', '.services[0].servers[1].tunnel', '{"type":"gue","port":6080,"checksum":"csum"}'],
  [
    '-L --json',
    '.services[1] | [.scheduler, .schedulerFlags, .persistenceTimeout, .persistenceNetmask, .servers]',
    '["sh",["flag-2"],60,"255.255.255.0",[]]',
  ],
  ['-L --json --thresholds', '.version', '"1.2.1"'],
  [
    '-Ln --json --persistent-conn',
    '.services[0].servers[0] | [.activeConnections, .inactiveConnections, .persistentConnections]',
    '[0,0,0]',
  ],
  [
    '-L --stats --json',
    '.services[0] | [.statistics, .servers[0].statistics]',
    `[${'{"connections":0,"incomingPackets":0,"outgoingPackets":0,"incomingBytes":0,"outgoingBytes":0},'.repeat(2).slice(0, -1)}]`,
  ],
  [
    '-L --json --rate',
    '.services[0].servers[0].rates | keys',
    '["connectionRate","incomingByteRate","incomingPacketRate","outgoingByteRate","outgoingPacketRate"]',
  ],
  ['-L -t 192.168.0.1:80 --json', '.services | map(.address)', '["192.168.0.1"]'],
  ['-L -f 4000000000 -6 --json', '.services | map(.fwmark)', '[4000000000]'],
  ['-L --timeout --json', '.timeouts', '{"tcp":1000,"tcpFin":121,"udp":301}'],
  ['-L --daemon --json', '.', '{"syncDaemons":[]}'],
  ['status --json', '.services | length', '3'],
];

for (const [command, filter, expected] of forms) {
  test(`${command}: jq finds ${filter}`, async () => {
    assert.equal(jq(await ours(command), filter), expected);
  });
}

test('an empty table has no services', async () => {
  await reference.run([{ argv: ['-C'] }]);
  assert.equal(jq(await ours('-L --json'), '.services'), '[]');
  const { complaints } = await reference.stage(table);
  assert.equal(complaints, '');
});

test('-c --json writes an object a line, as the kernel has them', async () => {
  const connections = [
    'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData',
    'TCP 0A000009 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED     899',
    'UDP 0A000009 13C4 0A000001 13C4 0A000002 13C4 UDP             299 sip a call id',
    'TCP 2001:0db8:0000:0000:0000:0000:0000:0001 B35C 2001:0db8:0000:0000:0000:0000:0000:0002 0050 2001:0db8:0000:0000:0000:0000:0000:0003 0050 TIME_WAIT        59',
    '',
  ].join('\n');
  const text = await ours('-L -c --json', connections);
  assert.equal(text.trimEnd().split('\n').length, 3);
  assert.equal(
    jq(text, '-s', 'map([.protocol, .state, .expires, .client.address, .client.port, .server.port, .persistenceData])'),
    '[["TCP","ESTABLISHED",899,"10.0.0.9",45916,8080,null],["UDP","UDP",299,"10.0.0.9",5060,5060,"a call id"],["TCP","TIME_WAIT",59,"2001:db8::1",45916,80,null]]',
  );
  assert.equal(await ours('-L -c --json'), '');
});

test('every member of the JSON is described', async () => {
  const described = readFileSync('docs/json.md', 'utf8');
  const text = (await Promise.all(['-L --stats --json', '-L --rate --json'].map((command) => ours(command)))).join('');
  const names = jq(text, '-s', '[.. | objects | keys[]] | unique');
  for (const name of JSON.parse(names) as string[]) assert.match(described, new RegExp(`\`${name}\``), name);
});
