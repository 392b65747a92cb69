import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { realServer, serviceAt, serviceMarked, syncDaemon, virtualService } from '../../../src/model/build.js';

describe('builders', () => {
  test('make a real server of an address, in any spelling, with the defaults of the command line', () => {
    assert.deepEqual(realServer({ address: '2001:DB8:0::1', port: 8080 }), {
      family: 'inet6',
      address: '2001:db8::1',
      port: 8080,
      forwarding: 'direct-routing',
      weight: 1,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' },
    });
    assert.deepEqual(realServer({ address: '10.0.0.2', weight: 0, tunnel: { type: 'gue', port: 6080 } }).tunnel, {
      type: 'gue',
      port: 6080,
      checksum: 'nocsum',
    });
  });

  test('make a sync daemon of its role and interface', () => {
    assert.deepEqual(syncDaemon('backup', 'eth0', { syncId: 7 }), {
      role: 'backup',
      syncId: 7,
      interface: 'eth0',
      maxLength: 0,
      port: 0,
      ttl: 0,
    });
  });

  test('make a service of what identifies it', () => {
    assert.deepEqual(serviceAt('[2001:db8::A]', 53, 'udp'), {
      family: 'inet6',
      address: '2001:db8::a',
      port: 53,
      protocol: 'udp',
    });
    const { scheduler, persistenceNetmask } = virtualService(serviceMarked(7, 'inet6'), { scheduler: 'rr' });
    assert.deepEqual([scheduler, persistenceNetmask], ['rr', 128]);
    assert.equal(virtualService(serviceAt('10.0.0.1', 80)).persistenceNetmask, '255.255.255.255');
  });

  for (const address of ['', 'web1', '10.0.0.300', '10.1', 'fe80::1%eth0', '1::2::3']) {
    test(`refuse ${JSON.stringify(address)} as an address`, () => {
      assert.throws(() => realServer({ address }), { code: 'IPVS_VALUE' });
      assert.throws(() => serviceAt(address), { code: 'IPVS_VALUE' });
    });
  }
});
