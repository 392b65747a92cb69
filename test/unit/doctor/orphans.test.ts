import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OrphanCounter } from '../../../src/doctor/orphans.js';
import type { Connection, ConnectionEnd } from '../../../src/format/connections.js';
import { familyOf } from '../../../src/model/address.js';
import { entry, server, web } from '../support/doctor-facts.js';

/** An end from text such as `192.0.2.10 80`. */
function end(text: string): ConnectionEnd {
  const [address = '', port] = text.split(' ');
  return { family: familyOf(address), address, port: Number(port) };
}

function connection(protocol: string, client: string, virtual: string, to: string): Connection {
  return { protocol, client: end(client), virtual: end(virtual), server: end(to), state: 'UDP', expires: 9 };
}

const services = [
  entry(web, [server('10.0.1.2', { port: 8080 })]),
  entry({ ...web, port: 21 }, [server('10.0.1.4', { port: 21 })]),
  entry({ ...web, address: '192.0.2.11', port: 0 }, [server('10.0.1.5', { port: 0 })]),
  entry({ family: 'inet6', protocol: 'udp', address: '2001:db8::10', port: 53 }, [server('10.0.1.6', { port: 53 })]),
  entry({ family: 'inet', fwmark: 7 }, [server('10.0.1.7', { port: 0 })]),
];

const client = '198.51.100.1 40000';
const cases: readonly (readonly [title: string, connection: Connection, orphan: boolean])[] = [
  ['to a server of its service', connection('TCP', client, '192.0.2.10 80', '10.0.1.2 8080'), false],
  ['to another port of it', connection('TCP', client, '192.0.2.10 80', '10.0.1.2 80'), true],
  ['to another server', connection('TCP', client, '192.0.2.10 80', '10.0.1.3 8080'), true],
  ['to the server of another service', connection('TCP', client, '192.0.2.10 80', '10.0.1.5 80'), true],
  ['of another protocol', connection('UDP', client, '192.0.2.10 80', '10.0.1.2 8080'), true],
  ['of a service that is gone', connection('TCP', client, '192.0.2.99 80', '10.0.1.2 8080'), true],
  ['for the data of FTP', connection('TCP', client, '192.0.2.10 20', '10.0.1.4 20'), false],
  ['to any port of a service for all ports', connection('TCP', client, '192.0.2.11 443', '10.0.1.5 443'), false],
  ['to another server of a service for all ports', connection('TCP', client, '192.0.2.11 443', '10.0.1.2 443'), true],
  ['of IPv6 to IPv4', connection('UDP', '2001:db8::9 5', '2001:db8::10 53', '10.0.1.6 53'), false],
  ['of a firewall mark', connection('TCP', client, '203.0.113.5 25', '10.0.1.7 25'), false],
  ['that is a template', connection('TCP', '198.51.100.1 0', '192.0.2.10 80', '10.0.1.3 8080'), false],
  ['that is a template of a firewall mark', connection('IP', '198.51.100.1 0', '0.0.0.7 0', '10.0.1.3 0'), false],
];

describe('connections without a server', () => {
  for (const [title, one, orphan] of cases) {
    test(`a connection ${title} ${orphan ? 'is one' : 'is none'}`, () => {
      const counter = new OrphanCounter(services);
      counter.count(one);
      assert.equal(counter.orphans().connections, orphan ? 1 : 0);
    });
  }

  test('are counted by service and server, the largest group first', () => {
    const counter = new OrphanCounter(services);
    const lost = connection('TCP', client, '192.0.2.10 80', '10.0.1.3 80');
    const more = connection('TCP', client, '192.0.2.10 80', '10.0.1.9 80');
    for (const one of [lost, more, more]) counter.count(one);
    assert.deepEqual(counter.orphans(), {
      connections: 3,
      groups: [
        { service: { ...end('192.0.2.10 80'), protocol: 'tcp' }, server: end('10.0.1.9 80'), connections: 2 },
        { service: { ...end('192.0.2.10 80'), protocol: 'tcp' }, server: end('10.0.1.3 80'), connections: 1 },
      ],
    });
  });

  test('are all counted, and a thousand groups of them kept', () => {
    const counter = new OrphanCounter(services);
    for (let round = 0; round < 2; round++) {
      for (let port = 1; port <= 5000; port++) {
        counter.count(connection('TCP', client, '192.0.2.10 80', `10.0.1.9 ${port}`));
      }
    }
    const { connections, groups } = counter.orphans();
    assert.deepEqual([connections, groups.length, groups[0]?.connections], [10_000, 1000, 2]);
  });
});
