import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import {
  addressBytes,
  familyOf,
  formatAddress,
  formatIpv4,
  formatIpv6,
  parseIpv4,
  parseIpv6,
} from '../../../src/model/address.js';
import { ipv6Bytes } from '../support/arbitraries.js';
import { bytesOf, digitsOf } from '../support/hexadecimal.js';

/** What inet_ntop of the C library (glibc 2.36) makes of the bytes. */
const ipv6Texts: readonly (readonly [digits: string, text: string])[] = [
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000000000001', '::1'],
  ['0000000000000000000000007f000001', '::127.0.0.1'],
  ['00000000000000000000000000010000', '::0.1.0.0'],
  ['00000000000000000000ffff0a000001', '::ffff:10.0.0.1'],
  ['00000000000000000001ffff0a000001', '::1:ffff:a00:1'],
  ['0000000000000000ffff00000a000001', '::ffff:0:a00:1'],
  ['20010db8000000000000000000000001', '2001:db8::1'],
  ['20010db8000000010000000000000001', '2001:db8:0:1::1'],
  ['00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
  ['00000002000300040005000600070008', '0:2:3:4:5:6:7:8'],
  ['00010000000000040005000000000008', '1::4:5:0:0:8'],
  ['0001000000000000000500000000000a', '1::5:0:0:a'],
  ['00010000000300000005000000070000', '1:0:3:0:5:0:7:0'],
  ['ff020000000000000000000000000099', 'ff02::99'],
  ['fe80000000000000020c29fffe123456', 'fe80::20c:29ff:fe12:3456'],
  ['0064ff9b000000000000000010203040', '64:ff9b::1020:3040'],
  ['00000000000000000000fffe0a000001', '::fffe:a00:1'],
  ['0000000000000000000000000000ffff', '::ffff'],
  ['000000000000000000000000ffff0000', '::255.255.0.0'],
  ['00000001000000000000000000000000', '0:1::'],
  ['ffffffffffffffffffffffffffffffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['0000000000000000000000010000000a', '::1:0:a'],
  ['00000000000000010000000000000000', '0:0:0:1::'],
  ['000000000000000000000000000000ff', '::ff'],
  ['abcd000000000000000000000000ef01', 'abcd::ef01'],
  ['0a0b0c0d0e0f01020304050607080900', 'a0b:c0d:e0f:102:304:506:708:900'],
];

for (const [digits, text] of ipv6Texts) {
  test(`writes ${digits} as ${text}, as the C library does, and reads it back`, () => {
    assert.equal(formatIpv6(bytesOf(digits)), text);
    const bytes = parseIpv6(text);
    assert.ok(bytes);
    assert.equal(digitsOf(bytes), digits);
  });
}

const otherIpv6Texts: readonly (readonly [text: string, digits: string])[] = [
  ['2001:DB8::A', '20010db800000000000000000000000a'],
  ['0001:0002:0003:0004:0005:0006:0007:0008', '00010002000300040005000600070008'],
  ['1::', '00010000000000000000000000000000'],
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
];

for (const [text, digits] of otherIpv6Texts) {
  test(`reads ${text}`, () => {
    const bytes = parseIpv6(text);
    assert.ok(bytes);
    assert.equal(digitsOf(bytes), digits);
  });
}

const noIpv6 = [
  '',
  ':',
  ':::',
  '1',
  '1:2',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1::2',
  '12345::',
  'g::',
  ':1::2',
  '1::2:',
  '::1%lo',
  '[::1]',
  '::1.2.3',
  '::1.2.3.256',
  '::01.2.3.4',
  '1.2.3.4',
  '1.2.3.4::',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::1 ',
  ' ::1',
  '::-1',
  '::0x1',
];

for (const text of noIpv6) {
  test(`takes ${JSON.stringify(text)} for no IPv6 address, as Node does`, () => {
    assert.equal(parseIpv6(text), undefined);
    // Node allows a zone, which the kernel has no place for.
    assert.equal(isIPv6(text), text.includes('%'));
  });
}

const noIpv4 = ['', '1', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.04', '1.2.3.', ' 1.2.3.4', '1.2.3.4 '];

for (const text of noIpv4) {
  test(`takes ${JSON.stringify(text)} for no dotted quad, as Node does`, () => {
    assert.equal(parseIpv4(text), undefined);
    assert.equal(isIPv4(text), false);
  });
}

test('IPv4 numbers come back from their text, those above 2^31 unsigned', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
      const text = formatIpv4(value);
      assert.ok(isIPv4(text));
      assert.equal(parseIpv4(text), value);
      assert.equal(formatAddress('inet', addressBytes('inet', text)), text);
    }),
  );
});

test('IPv6 bytes come back from their text, which Node takes for an address', () => {
  fc.assert(
    fc.property(ipv6Bytes, (bytes) => {
      const text = formatIpv6(bytes);
      assert.ok(isIPv6(text));
      const read = parseIpv6(text);
      assert.ok(read);
      assert.equal(digitsOf(read), digitsOf(bytes));
      assert.equal(formatAddress('inet6', addressBytes('inet6', text)), text);
    }),
  );
});

test('text of the letters of addresses is read as Node reads it', () => {
  const letters = fc.string({ unit: fc.constantFrom('0', '1', 'f', 'A', ':', '::', '.', '1.2.3.4', 'ffff:') });
  fc.assert(
    fc.property(letters, (text) => {
      assert.equal(parseIpv6(text) !== undefined, isIPv6(text));
      assert.equal(parseIpv4(text) !== undefined, isIPv4(text));
    }),
    { numRuns: 2000 },
  );
});

test('refuses to make bytes of a text that is no address of its family', () => {
  assert.throws(() => addressBytes('inet', '::1'), RangeError);
  assert.throws(() => addressBytes('inet6', '10.0.0.1'), RangeError);
});

test('distinguishes the families by their text', () => {
  assert.equal(familyOf('10.0.0.1'), 'inet');
  assert.equal(familyOf('::'), 'inet6');
});
