import { numericNaming, type Naming } from '../../../../src/names/naming.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ClassicCommand } from '../../../../src/grammar/command.js';
import { parseWords } from '../../../../src/grammar/parse.js';
import type { RealServer } from '../../../../src/model/server.js';
import type { ServiceKey, VirtualService } from '../../../../src/model/service.js';
import { formatServiceRule, ruleService, writeServerRule } from '../../../../src/documents/rules/rule-text.js';
import { typedServer, typedService } from '../../support/arbitraries.js';
import { plainServer, plainService } from '../../support/entries.js';
import { NameTable } from '../../support/naming.js';
import { written } from '../../support/written.js';

function serverRule(server: RealServer, key: ServiceKey, naming: Naming): string {
  return written((out) => {
    writeServerRule(out, server, ruleService(key, naming), naming);
  });
}

const key6: ServiceKey = { family: 'inet6', protocol: 'tcp', address: '2001:db8::1', port: 80 };

const services: readonly (readonly [service: Partial<VirtualService>, rule: string])[] = [
  [{}, '-A -t 10.0.0.1:80 -s wlc\n'],
  [{ key: { family: 'inet', protocol: 'udp', address: '10.0.0.1', port: 53 } }, '-A -u 10.0.0.1:53 -s wlc\n'],
  [
    { key: { family: 'inet', protocol: 'sctp', address: '10.0.0.1', port: 9 } },
    '-A --sctp-service 10.0.0.1:9 -s wlc\n',
  ],
  [
    { key: { family: 'inet', protocol: 'protocol-136', address: '10.0.0.1', port: 9 } },
    '# -A protocol-136 10.0.0.1:9 -s wlc (protocol-136 has no option)\n',
  ],
  [{ key: { family: 'inet', fwmark: 4294967295 } }, '-A -f 4294967295 -s wlc\n'],
  [{ key: { family: 'inet6', fwmark: 7 }, persistenceNetmask: 128 }, '-A -f 7 -6 -s wlc\n'],
  [{ key: key6, persistenceTimeout: 360, persistenceNetmask: 64 }, '-A -t [2001:db8::1]:80 -s wlc -p 360 -M 64\n'],
  [{ persistenceTimeout: 360 }, '-A -t 10.0.0.1:80 -s wlc -p 360\n'],
  [{ persistenceNetmask: '255.255.255.0' }, '-A -t 10.0.0.1:80 -s wlc\n'],
  [{ persistenceEngine: 'sip' }, '-A -t 10.0.0.1:80 -s wlc --pe sip\n'],
  [
    {
      scheduler: 'sh',
      schedulerFlags: ['flag-1', 'flag-2', 'flag-3'],
      onePacket: true,
      persistenceTimeout: 1,
      persistenceNetmask: '255.0.0.0',
      persistenceEngine: 'sip',
    },
    '-A -t 10.0.0.1:80 -s sh -p 1 -M 255.0.0.0 --pe sip -o -b sh-fallback,sh-port,flag-3\n',
  ],
];

for (const [service, rule] of services) {
  test(`writes ${rule.trimEnd()}`, () => {
    assert.equal(formatServiceRule({ ...plainService, ...service }, numericNaming), rule);
  });
}

const start = '-a -t 10.0.0.1:80 -r 10.0.0.2:8080';
const servers: readonly (readonly [server: Partial<RealServer>, rule: string])[] = [
  [{}, `${start} -m -w 1\n`],
  [{ forwarding: 'direct-routing', weight: 0 }, `${start} -g -w 0\n`],
  [{ forwarding: 'local' }, `${start} -g -w 1\n`],
  [{ forwarding: 'tunnelling' }, `${start} -i -w 1 --tun-type ipip\n`],
  [
    { forwarding: 'tunnelling', tunnel: { type: 'gue', port: 6080, checksum: 'nocsum' } },
    `${start} -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum\n`,
  ],
  [
    { forwarding: 'tunnelling', tunnel: { type: 'gre', port: 0, checksum: 'csum' } },
    `${start} -i -w 1 --tun-type gre --tun-csum\n`,
  ],
  [{ upperThreshold: 200, lowerThreshold: 100 }, `${start} -m -w 1 -x 200 -y 100\n`],
  [{ lowerThreshold: 100 }, `${start} -m -w 1 -y 100\n`],
  [{ forwarding: 'bypass' }, `# ${start} -w 1 (forwarding method "bypass" has no option)\n`],
  [
    { forwarding: 'tunnelling', tunnel: { type: 'gue', port: 1, checksum: 'csum+remcsum' } },
    `${start} -i -w 1 --tun-type gue --tun-port 1 --tun-csum --tun-remcsum\n`,
  ],
];

for (const [server, rule] of servers) {
  test(`writes ${rule.trimEnd()}`, () => {
    assert.equal(serverRule({ ...plainServer, ...server }, plainService.key, numericNaming), rule);
  });
}

test('writes names, and none for the ports of a service with a firewall mark', () => {
  const names = new NameTable({ vip: '10.0.0.1', web: '10.0.0.2' }, { 'http/tcp': 80, 'http-alt/tcp': 8080 });
  assert.equal(formatServiceRule(plainService, names), '-A -t vip:http -s wlc\n');
  assert.equal(serverRule(plainServer, plainService.key, names), '-a -t vip:http -r web:http-alt -m -w 1\n');
  assert.equal(serverRule(plainServer, { family: 'inet', fwmark: 7 }, names), '-a -f 7 -r web:8080 -m -w 1\n');
});

test('comments a server out once where its service has no option, whatever else it has none for', () => {
  const key: ServiceKey = { family: 'inet', protocol: 'protocol-136', address: '10.0.0.1', port: 9 };
  for (const forwarding of ['masquerading', 'bypass'] as const) {
    assert.match(
      serverRule({ ...plainServer, forwarding }, key, numericNaming),
      /^# -a protocol-136 10\.0\.0\.1:9 -r /,
    );
  }
});

/** Reads a rule as a restore does; it must need no look-up. */
function read(rule: string): ClassicCommand {
  const context = { programName: 'ipvsadm', posixlyCorrect: false, restoring: true };
  const steps = parseWords(rule.trimEnd().split(' '), context);
  const { done, value } = steps.next();
  assert.equal(done, true, 'a look-up was needed');
  return value;
}

test('a service comes out of its rule as it went in', () => {
  fc.assert(
    fc.property(typedService, (service) => {
      const command = read(formatServiceRule(service, numericNaming));
      const flags = [...service.schedulerFlags].sort();
      assert.deepEqual(command, {
        kind: 'change',
        change: { kind: 'add-service', service: { ...service, schedulerFlags: flags } },
      });
    }),
    { numRuns: 1000 },
  );
});

test('flags of sh and mh come out of their rules as they went in', () => {
  fc.assert(
    fc.property(typedService, fc.constantFrom('sh', 'mh'), (any, scheduler) => {
      const service = { ...any, scheduler };
      const command = read(formatServiceRule(service, numericNaming));
      assert.deepEqual(command, { kind: 'change', change: { kind: 'add-service', service } });
    }),
  );
});

test('a real server comes out of its rule as it went in', () => {
  fc.assert(
    fc.property(typedServer, ({ key, server }) => {
      const command = read(serverRule(server, key, numericNaming));
      assert.deepEqual(command, { kind: 'change', change: { kind: 'add-server', key, server } });
    }),
    { numRuns: 1000 },
  );
});
