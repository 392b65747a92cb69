import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRule } from '../../../../src/documents/rules/format-rule.js';
import { parseWords } from '../../../../src/grammar/parse.js';
import type { Change } from '../../../../src/model/change.js';
import type { ServiceKey } from '../../../../src/model/service.js';
import { serviceKey, serverKey, typedServer, typedService } from '../../support/arbitraries.js';
import { plainServer, plainService } from '../../support/entries.js';
import { NameTable } from '../../support/naming.js';

const { key } = plainService;
const mark: ServiceKey = { family: 'inet6', fwmark: 7 };
const unknown: ServiceKey = { family: 'inet', protocol: 'protocol-50', address: '10.0.0.1', port: 80 };
const server6 = { family: 'inet6', address: '2001:db8::2', port: 80 } as const;
const daemon = { role: 'master', syncId: 0, interface: 'eth0', maxLength: 0, port: 0, ttl: 0 } as const;

/** Every kind of change, and its rule. */
const rules: readonly (readonly [change: Change, rule: string])[] = [
  [{ kind: 'add-service', service: plainService }, '-A -t 10.0.0.1:80 -s wlc'],
  [
    { kind: 'edit-service', service: { ...plainService, key: mark, persistenceTimeout: 60, persistenceNetmask: 64 } },
    '-E -f 7 -6 -s wlc -p 60 -M 64',
  ],
  [{ kind: 'delete-service', key }, '-D -t 10.0.0.1:80'],
  [{ kind: 'delete-service', key: mark }, '-D -f 7 -6'],
  [{ kind: 'add-server', key, server: plainServer }, '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1'],
  [{ kind: 'edit-server', key, server: { ...plainServer, weight: 0 } }, '-e -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 0'],
  [
    { kind: 'add-server', key, server: { ...plainServer, forwarding: 'bypass' } },
    '# -a -t 10.0.0.1:80 -r 10.0.0.2:8080 -w 1 (forwarding method "bypass" has no option)',
  ],
  [{ kind: 'delete-server', key, server: plainServer }, '-d -t 10.0.0.1:80 -r 10.0.0.2:8080'],
  [{ kind: 'delete-server', key: mark, server: server6 }, '-d -f 7 -6 -r [2001:db8::2]:80'],
  [{ kind: 'flush' }, '-C'],
  [{ kind: 'zero' }, '-Z'],
  [{ kind: 'zero', key }, '-Z -t 10.0.0.1:80'],
  [{ kind: 'set-timeouts', timeouts: { tcp: 900, tcpFin: 0, udp: 300 } }, '--set 900 0 300'],
  [{ kind: 'start-daemon', daemon }, '--start-daemon master --mcast-interface=eth0 --syncid 0'],
  [
    {
      kind: 'start-daemon',
      daemon: { role: 'backup', syncId: 9, interface: '-x', maxLength: 1400, group: 'ff02::1', port: 8849, ttl: 2 },
    },
    '--start-daemon backup --mcast-interface=-x --syncid 9 --sync-maxlen 1400 --mcast-group ff02::1 --mcast-port 8849 --mcast-ttl 2',
  ],
  [{ kind: 'stop-daemon', role: 'backup' }, '--stop-daemon backup'],
  [{ kind: 'delete-service', key: unknown }, '# -D protocol-50 10.0.0.1:80 (protocol-50 has no option)'],
  [
    { kind: 'delete-server', key: unknown, server: plainServer },
    '# -d protocol-50 10.0.0.1:80 -r 10.0.0.2:8080 (protocol-50 has no option)',
  ],
];

for (const [change, rule] of rules) {
  test(`writes ${change.kind} as ${rule}`, () => {
    assert.equal(formatRule(change), `${rule}\n`);
  });
}

test('writes names where they are wanted', () => {
  const names = new NameTable({ vip: '10.0.0.1', web: '10.0.0.2' }, { 'http/tcp': 80, 'http-alt/tcp': 8080 });
  assert.equal(formatRule({ kind: 'delete-service', key }, names), '-D -t vip:http\n');
  assert.equal(
    formatRule({ kind: 'delete-server', key, server: plainServer }, names),
    '-d -t vip:http -r web:http-alt\n',
  );
  assert.equal(formatRule({ kind: 'zero', key }, names), '-Z -t vip:http\n');
});

/** Changes that can be typed, as the grammar gives them. */
const changes: fc.Arbitrary<Change> = fc.oneof(
  typedService.chain((service) =>
    fc.constantFrom<Change>(
      { kind: 'add-service', service: { ...service, schedulerFlags: [...service.schedulerFlags].sort() } },
      { kind: 'edit-service', service: { ...service, schedulerFlags: [...service.schedulerFlags].sort() } },
    ),
  ),
  typedServer.chain((typed) =>
    fc.constantFrom<Change>({ kind: 'add-server', ...typed }, { kind: 'edit-server', ...typed }),
  ),
  serviceKey.chain((any) => fc.constantFrom<Change>({ kind: 'delete-service', key: any }, { kind: 'zero', key: any })),
  fc.tuple(serviceKey, serverKey).map(([any, { family, address, port }]): Change => {
    return { kind: 'delete-server', key: any, server: { family, address, port } };
  }),
  fc.constantFrom<Change>({ kind: 'flush' }, { kind: 'zero', key: undefined }),
  fc.constantFrom('master' as const, 'backup' as const).map((role): Change => ({ kind: 'stop-daemon', role })),
);

test('a change comes out of its rule as it went in', () => {
  const context = { programName: 'ipvsadm', posixlyCorrect: false, restoring: true };
  fc.assert(
    fc.property(changes, (change) => {
      const { done, value } = parseWords(formatRule(change).trimEnd().split(' '), context).next();
      assert.equal(done, true, 'a look-up was needed');
      assert.deepEqual(value, { kind: 'change', change });
    }),
    { numRuns: 1000 },
  );
});
