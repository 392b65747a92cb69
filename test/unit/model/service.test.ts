import assert from 'node:assert/strict';
import test from 'node:test';
import { changeSubject } from '../../../src/model/change.js';
import {
  describeService,
  fullNetmask,
  isFirewallMark,
  protocolNumber,
  protocolOfNumber,
  type Protocol,
  type ServiceKey,
} from '../../../src/model/service.js';

const keys: readonly (readonly [key: ServiceKey, text: string])[] = [
  [{ family: 'inet', protocol: 'tcp', address: '192.0.2.1', port: 80 }, 'TCP 192.0.2.1:80'],
  [{ family: 'inet6', protocol: 'udp', address: '2001:db8::1', port: 53 }, 'UDP [2001:db8::1]:53'],
  [{ family: 'inet', protocol: 'sctp', address: '192.0.2.1', port: 0 }, 'SCTP 192.0.2.1:0'],
  [{ family: 'inet', protocol: 'protocol-136', address: '192.0.2.1', port: 80 }, '136 192.0.2.1:80'],
  [{ family: 'inet', fwmark: 4294967295 }, 'FWM 4294967295'],
  [{ family: 'inet6', fwmark: 7 }, 'FWM 7 IPv6'],
];

for (const [key, text] of keys) {
  test(`calls a service ${text}`, () => {
    assert.equal(describeService(key), text);
    assert.equal(isFirewallMark(key), text.startsWith('FWM'));
  });
}

test('distinguishes every single client by the full mask of its family', () => {
  assert.equal(fullNetmask('inet'), '255.255.255.255');
  assert.equal(fullNetmask('inet6'), 128);
});

test('protocols have the numbers of the system, and those that are not known have theirs as a name', () => {
  for (let number = 0; number < 256; number++) assert.equal(protocolNumber(protocolOfNumber(number)), number);
  assert.deepEqual([6, 17, 132, 136].map(protocolOfNumber), ['tcp', 'udp', 'sctp', 'protocol-136']);
  assert.ok(Number.isNaN(protocolNumber('TCP' as Protocol)));
});

test('says what a change is about', () => {
  const key: ServiceKey = { family: 'inet', fwmark: 7 };
  const server = { family: 'inet6', address: '::1', port: 8080 } as const;
  assert.equal(changeSubject({ kind: 'delete-server', key, server }), '[::1]:8080 of FWM 7');
  assert.equal(changeSubject({ kind: 'delete-service', key }), 'FWM 7');
  assert.equal(changeSubject({ kind: 'zero', key }), 'FWM 7');
  assert.equal(changeSubject({ kind: 'zero' }), '');
  assert.equal(changeSubject({ kind: 'flush' }), '');
  assert.equal(changeSubject({ kind: 'stop-daemon', role: 'backup' }), 'backup');
});
