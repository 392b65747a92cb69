import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ValueError } from '../../../src/errors.js';
import { parseServerName, parseServiceName, serverName, serviceName } from '../../../src/model/entity-name.js';
import { serverId } from '../../../src/model/server.js';
import { serviceId, type ServiceKey } from '../../../src/model/service.js';
import { serverKey, serviceKey } from '../support/arbitraries.js';

describe('names of services and servers', () => {
  const services: readonly (readonly [name: string, key: ServiceKey])[] = [
    ['tcp:192.0.2.10:80', { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 80 }],
    ['udp:[2001:db8::1]:53', { family: 'inet6', protocol: 'udp', address: '2001:db8::1', port: 53 }],
    ['sctp:192.0.2.10:0', { family: 'inet', protocol: 'sctp', address: '192.0.2.10', port: 0 }],
    ['fwmark:477', { family: 'inet', fwmark: 477 }],
    ['fwmark6:4294967295', { family: 'inet6', fwmark: 4294967295 }],
  ];
  for (const [name, key] of services) {
    test(`${name} is read and written`, () => {
      assert.deepEqual(parseServiceName(name), key);
      assert.equal(serviceName(key), name);
    });
  }

  test('a mark may be hexadecimal, an address in any form', () => {
    assert.deepEqual(parseServiceName('fwmark:0x1DD'), { family: 'inet', fwmark: 477 });
    assert.deepEqual(parseServiceName('tcp:[2001:DB8:0::1]:80'), {
      ...{ family: 'inet6', protocol: 'tcp', address: '2001:db8::1', port: 80 },
    });
  });

  test('a server is named in a service, or in all', () => {
    const all = { service: undefined, family: 'inet', address: '10.0.1.2', port: undefined };
    assert.deepEqual(parseServerName('10.0.1.2'), all);
    assert.deepEqual(parseServerName('10.0.1.2:8080'), { ...all, port: 8080 });
    assert.deepEqual(parseServerName('2001:db8::2'), { ...all, family: 'inet6', address: '2001:db8::2' });
    assert.deepEqual(parseServerName('[2001:db8::2]'), { ...all, family: 'inet6', address: '2001:db8::2' });
    assert.deepEqual(parseServerName('fwmark:7/[2001:db8::2]:80'), {
      ...{ service: { family: 'inet', fwmark: 7 }, family: 'inet6', address: '2001:db8::2', port: 80 },
    });
  });

  const wrong: readonly (readonly [name: string, message: RegExp])[] = [
    ['', /expected the name of a service, such as tcp:/],
    ['192.0.2.10:80', /expected the name of a service/],
    ['icmp:192.0.2.10:80', /expected the name of a service/],
    ['tcp:192.0.2.10', /the port is missing/],
    ['tcp:192.0.2.10:65536', /a port is at most 65535/],
    ['tcp:2001:db8::1:80', /the port is missing/],
    ['tcp:[192.0.2.10]:80', /expected an address/],
    ['tcp:web:80', /expected an address/],
    ['fwmark:0', /expected a firewall mark from 1 to 4294967295/],
    ['fwmark:4294967296', /expected a firewall mark/],
    ['fwmark:-1', /expected a firewall mark/],
    ['fwmark:', /expected a firewall mark/],
  ];
  for (const [name, message] of wrong) {
    test(`"${name}" is no service`, () => {
      assert.throws(
        () => parseServiceName(name),
        (error) => error instanceof ValueError && message.test(error.message),
      );
    });
  }

  test('whatever can be configured has a name that is read again', () => {
    fc.assert(
      fc.property(serviceKey, serverKey, (key, server) => {
        assert.equal(serviceId(parseServiceName(serviceName(key))), serviceId(key));
        const { service, family, address, port = -1 } = parseServerName(serverName(key, server));
        assert.ok(service !== undefined);
        assert.equal(serviceId(service), serviceId(key));
        assert.equal(serverId({ family, address, port }), serverId(server));
      }),
    );
  });
});
