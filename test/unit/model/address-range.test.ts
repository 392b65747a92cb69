import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ValueError } from '../../../src/errors.js';
import { isInRange, parseAddressRange } from '../../../src/model/address-range.js';

describe('a range of addresses', () => {
  const good: readonly (readonly [text: string, address: string, prefix: number, port?: number])[] = [
    ['10.0.1.2', '10.0.1.2', 32],
    ['10.0.1.2:80', '10.0.1.2', 32, 80],
    ['10.0.0.0/8', '10.0.0.0', 8],
    ['10.0.0.0/8:65535', '10.0.0.0', 8, 65535],
    ['0.0.0.0/0', '0.0.0.0', 0],
    ['2001:DB8::0', '2001:db8::', 128],
    ['2001:db8::/32', '2001:db8::', 32],
    ['[2001:db8::1]', '2001:db8::1', 128],
    ['[2001:db8::1]:80', '2001:db8::1', 128, 80],
    ['[2001:db8::]/64:80', '2001:db8::', 64, 80],
    ['[2001:db8::/64]:80', '2001:db8::', 64, 80],
  ];
  for (const [text, address, prefix, port] of good) {
    test(`${text} is understood`, () => {
      const family = address.includes(':') ? 'inet6' : 'inet';
      assert.deepEqual(parseAddressRange(text), { family, address, prefix, port });
    });
  }

  const wrong = [
    ...['', 'x', '10.0.1', '10.0.1.2/33', '10.0.1.2/-1', '10.0.1.2/', '10.0.1.2:', '10.0.1.2:65536', '10.0.1.2:80/8'],
    ...[
      '[10.0.1.2]:80',
      '2001:db8::/129',
      '[2001:db8::/64]/64',
      '[2001:db8::1',
      '[]',
      ':80',
      '10.0.1.2 ',
      '2001:db8::1%0',
    ],
  ];
  for (const text of wrong) {
    test(`'${text}' is refused`, () => {
      assert.throws(() => parseAddressRange(text), ValueError);
    });
  }
});

describe('an address in a range', () => {
  const cases: readonly (readonly [range: string, address: string, isIn: boolean])[] = [
    ['10.0.1.0/25', '10.0.1.127', true],
    ['10.0.1.0/25', '10.0.1.128', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['10.0.1.2', '10.0.1.2', true],
    ['10.0.1.2', '10.0.1.3', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['[2001:db8::1]', '2001:db8::1', true],
  ];
  for (const [range, address, isIn] of cases) {
    test(`${address} is ${isIn ? '' : 'not '}in ${range}`, () => {
      assert.equal(isInRange(parseAddressRange(range), address), isIn);
    });
  }
});
