import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { classicOrder, kernelOrder, naturalOrder, type TableOrder } from '../../../src/format/order.js';
import type { ServerKey } from '../../../src/model/server.js';
import { describeService, type Protocol, type ServiceKey } from '../../../src/model/service.js';
import { server as anyServer, serviceKey } from '../support/arbitraries.js';
import { rowsOf } from '../support/server-rows.js';

function web(address: string, port = 80, protocol: Protocol = 'tcp'): ServiceKey {
  return { family: address.includes(':') ? 'inet6' : 'inet', protocol, address, port };
}

function mark(fwmark: number, family: 'inet' | 'inet6' = 'inet'): ServiceKey {
  return { family, fwmark };
}

const pairs: readonly (readonly [
  what: string,
  first: ServiceKey,
  second: ServiceKey,
  orders: readonly TableOrder[],
])[] = [
  ['the smaller address', web('10.0.0.1'), web('10.0.0.2'), [classicOrder, naturalOrder]],
  ['192.168.0.1 before 10.0.0.1: a signed difference', web('192.168.0.1'), web('10.0.0.1'), [classicOrder]],
  ['10.0.0.1 before 192.168.0.1', web('10.0.0.1'), web('192.168.0.1'), [naturalOrder]],
  ['the smaller port', web('10.0.0.1', 80), web('10.0.0.1', 443), [classicOrder, naturalOrder]],
  ['a smaller address over a smaller port', web('10.0.0.1', 443), web('10.0.0.2', 80), [classicOrder, naturalOrder]],
  ['TCP before UDP', web('10.0.0.2', 80, 'tcp'), web('10.0.0.1', 80, 'udp'), [classicOrder, naturalOrder]],
  ['UDP before SCTP', web('10.0.0.2', 80, 'udp'), web('10.0.0.1', 80, 'sctp'), [classicOrder, naturalOrder]],
  ['IPv4 before IPv6', web('10.0.0.1', 80, 'sctp'), web('::1'), [classicOrder, naturalOrder]],
  ['IPv6 by bytes', web('2001:db8::1'), web('fe80::1'), [naturalOrder]],
  ['fe80::1 before 2001:db8::1: a signed difference of words', web('fe80::1'), web('2001:db8::1'), [classicOrder]],
  ['IPv6 by bytes, not by letters', web('2001:db8::9'), web('2001:db8::10'), [classicOrder, naturalOrder]],
  ['addresses before marks', web('10.0.0.1'), mark(1), [classicOrder, naturalOrder]],
  ['the smaller mark', mark(2), mark(10), [classicOrder, naturalOrder]],
  ['IPv4 before IPv6 of one mark', mark(2), mark(2, 'inet6'), [classicOrder, naturalOrder]],
  ['a mark above 2^31 before a small one: a signed difference', mark(4294967295), mark(1), [classicOrder]],
  ['a mark above 2^31 before no mark at all', mark(4294967295), web('10.0.0.1'), [classicOrder]],
  ['a small mark before one above 2^31', mark(1), mark(4294967295), [naturalOrder]],
];

for (const [what, first, second, orders] of pairs) {
  for (const order of orders) {
    test(`sorts services, ${order === classicOrder ? 'classic' : 'natural'} order: ${what}`, () => {
      const sorted = [{ key: first }, { key: second }];
      assert.deepEqual(order.services(sorted), sorted);
      assert.deepEqual(order.services([...sorted].reverse()), sorted);
    });
  }
}

function server(address: string, port: number): ServerKey {
  return { family: address.includes(':') ? 'inet6' : 'inet', address, port };
}

test('sorts servers by address and port, and by family only where the original does not say otherwise', () => {
  const sorted = [server('10.0.0.1', 80), server('10.0.0.1', 443), server('10.0.0.2', 80)];
  const [low, high] = [server('::1', 80), server('2001:db8::1', 80)];
  assert.deepEqual(naturalOrder.servers([high, ...[...sorted].reverse(), low]), [...sorted, low, high]);
  // The original compares the first 32 bits of both families: 2001:db8:: counts as 32.1.13.184.
  const beyond = server('40.0.0.1', 80);
  assert.deepEqual(classicOrder.servers([beyond, high, ...[...sorted].reverse(), low]), [low, ...sorted, high, beyond]);
});

test('sorts servers by a signed or an unsigned difference', () => {
  const far = server('192.168.0.1', 80);
  const near = server('10.0.0.1', 80);
  for (const unsorted of [
    [far, near],
    [near, far],
  ]) {
    assert.deepEqual(classicOrder.servers(unsorted), [far, near]);
    assert.deepEqual(naturalOrder.servers(unsorted), [near, far]);
  }
});

test("leaves the kernel's order as it is, and what it is given too", () => {
  const servers = [server('10.0.0.2', 80), server('10.0.0.1', 80)];
  assert.deepEqual(kernelOrder.servers(servers), servers);
  naturalOrder.servers(servers);
  assert.equal(servers[0]?.address, '10.0.0.2');
});

test('sorts addresses that form a circle of signed differences without losing one', () => {
  const circle = ['10.0.0.1', '100.0.0.1', '192.0.0.1'].map((address) => server(address, 80));
  for (const order of [classicOrder, naturalOrder]) {
    assert.deepEqual(new Set(order.servers(circle)), new Set(circle));
  }
});

test('the natural order is by number, whatever was the order before', () => {
  const keys = fc.array(serviceKey, { maxLength: 20 }).map((all) => all.map((key) => ({ key })));
  fc.assert(
    fc.property(keys, (services) => {
      const sorted = naturalOrder.services(services);
      assert.deepEqual(
        naturalOrder.services([...sorted].reverse()).map(({ key }) => describeService(key)),
        [...sorted.map(({ key }) => describeService(key))],
      );
    }),
  );
});

for (const [what, order] of Object.entries({ classicOrder, naturalOrder, kernelOrder })) {
  test(`sorts rows as it sorts the same servers: ${what}`, () => {
    // Few addresses and ports, so that many are the same in part or as a whole.
    const near = fc
      .tuple(
        anyServer,
        fc.constantFrom('10.0.0.1', '192.168.0.1', '100.0.0.1', '::1', 'fe80::1', '2001:db8::', 'a00:1::'),
        fc.constantFrom(80, 443, 65535),
      )
      .map(([any, address, port]) => ({ ...any, ...server(address, port) }));
    fc.assert(
      fc.property(fc.array(fc.oneof(anyServer, near), { maxLength: 40 }), (servers) => {
        const sorted = order.rows(rowsOf(servers)).map((row) => servers[row]);
        // The very same objects: those that are equal in all that counts stay in their order too.
        assert.equal(sorted.length, servers.length);
        for (const [index, each] of order.servers(servers).entries()) assert.equal(sorted[index], each);
      }),
      { numRuns: 300 },
    );
  });
}
