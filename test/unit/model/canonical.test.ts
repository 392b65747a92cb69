import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalDaemon, canonicalServer, canonicalService } from '../../../src/model/canonical.js';
import type { RealServer } from '../../../src/model/server.js';
import type { VirtualService } from '../../../src/model/service.js';
import { daemon, typedServer, typedService } from '../support/arbitraries.js';
import { plainServer, plainService } from '../support/entries.js';

const mark = { family: 'inet', fwmark: 1 } as const;
const udp = { family: 'inet', protocol: 'udp', address: '10.0.0.1', port: 53 } as const;

const services: readonly (readonly [what: string, given: Partial<VirtualService>, kept: Partial<VirtualService>])[] = [
  ['a netmask without persistence is none', { persistenceNetmask: '255.0.0.0' }, {}],
  [
    'a netmask with persistence stays',
    { persistenceTimeout: 9, persistenceNetmask: '255.0.0.0' },
    { persistenceTimeout: 9, persistenceNetmask: '255.0.0.0' },
  ],
  ['one-packet scheduling of TCP is none', { onePacket: true }, {}],
  ['one-packet scheduling of UDP stays', { key: udp, onePacket: true }, { key: udp, onePacket: true }],
  ['one-packet scheduling of a firewall mark stays', { key: mark, onePacket: true }, { key: mark, onePacket: true }],
  [
    'flags have an order and stand once',
    { schedulerFlags: ['flag-3', 'flag-1', 'flag-3'] },
    { schedulerFlags: ['flag-1', 'flag-3'] },
  ],
];

const gue = { type: 'gue', port: 9, checksum: 'csum' } as const;
const ipip = { type: 'ipip', port: 0, checksum: 'nocsum' } as const;

const servers: readonly (readonly [what: string, given: Partial<RealServer>, kept: Partial<RealServer>])[] = [
  ['a tunnel without tunneling is none', { tunnel: gue }, { tunnel: ipip }],
  ['a gue tunnel stays', { forwarding: 'tunneling', tunnel: gue }, { forwarding: 'tunneling', tunnel: gue }],
  [
    'gre has no port',
    { forwarding: 'tunneling', tunnel: { ...gue, type: 'gre' } },
    { forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'csum' } },
  ],
  [
    'ipip has neither port nor checksum',
    { forwarding: 'tunneling', tunnel: { ...gue, type: 'ipip' } },
    { forwarding: 'tunneling', tunnel: ipip },
  ],
];

const serviceWithoutCounters = canonicalService(plainService);
const serverWithoutCounters = canonicalServer(plainServer);

describe('canonical form', () => {
  for (const [what, given, kept] of services) {
    test(`of a service: ${what}`, () => {
      assert.deepEqual(canonicalService({ ...plainService, ...given }), { ...serviceWithoutCounters, ...kept });
    });
  }

  for (const [what, given, kept] of servers) {
    test(`of a server: ${what}`, () => {
      assert.deepEqual(canonicalServer({ ...plainServer, ...given }), { ...serverWithoutCounters, ...kept });
    });
  }

  test('has no counters and no connections', () => {
    assert.ok(!('statistics' in serviceWithoutCounters));
    assert.ok(!('statistics' in serverWithoutCounters) && !('activeConnections' in serverWithoutCounters));
  });

  test('of a daemon says what the kernel takes for what is left open', () => {
    const open = {
      role: 'master',
      syncId: 1,
      interface: 'eth0',
      maxLength: 0,
      group: undefined,
      port: 0,
      ttl: 0,
    } as const;
    assert.deepEqual(canonicalDaemon(open), { ...open, group: '224.0.0.81', port: 8848, ttl: 1 });
  });

  test('made canonical again, everything stays as it is', () => {
    fc.assert(
      fc.property(typedService, typedServer, daemon, (service, { server }, anyDaemon) => {
        const [a, b, c] = [canonicalService(service), canonicalServer(server), canonicalDaemon(anyDaemon)];
        assert.deepEqual([canonicalService(a), canonicalServer(b), canonicalDaemon(c)], [a, b, c]);
      }),
    );
  });
});
