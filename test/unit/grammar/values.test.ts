import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  cutName,
  parseEndpoint,
  parseInetAton,
  parseLeadingDigits,
  parseNumber,
  readsAsHostName,
} from '../../../src/grammar/values.js';
import { formatIpv4 } from '../../../src/model/address.js';

/** What inet_aton of the C library (glibc 2.36) makes of the text; undefined where it refuses. */
const inetAton: readonly (readonly [text: string, address: string | undefined])[] = [
  ['1.2.3.4', '1.2.3.4'],
  ['10.1', '10.0.0.1'],
  ['10.1.2', '10.1.0.2'],
  ['167772161', '10.0.0.1'],
  ['0x0a000002', '10.0.0.2'],
  ['0X0A000002', '10.0.0.2'],
  ['010.0.0.2', '8.0.0.2'],
  ['0xA.0x0.1', '10.0.0.1'],
  ['10.0.0.1 junk', '10.0.0.1'],
  ['10.0.0.1\tx', '10.0.0.1'],
  ['1.2.3.4\n', '1.2.3.4'],
  ['1.2.3.4\v', '1.2.3.4'],
  ['0', '0.0.0.0'],
  ['00', '0.0.0.0'],
  ['0x', undefined],
  ['08', undefined],
  ['1.2.3.256', undefined],
  ['1.2.65535', '1.2.255.255'],
  ['1.2.65536', undefined],
  ['1.16777215', '1.255.255.255'],
  ['1.16777216', undefined],
  ['4294967295', '255.255.255.255'],
  ['4294967296', undefined],
  ['1.2.3.4.5', undefined],
  ['1..2', undefined],
  ['.1', undefined],
  ['1.', undefined],
  ['', undefined],
  ['0x1g', undefined],
  ['256.1', undefined],
  ['-1', undefined],
  ['+1', undefined],
  [' 1.2.3.4', undefined],
  ['1.2.3.4x', undefined],
  ['0377.1', '255.0.0.1'],
  ['0400.1', undefined],
  ['0xff.0xff.0xff.0xff', '255.255.255.255'],
  ['00000000000000000000012.1', '10.0.0.1'],
  ['0x100000000', undefined],
  ['1.2.3.0x', undefined],
  ['1e3', undefined],
  ['99999999999999999999', undefined],
  ['037777777777', '255.255.255.255'],
  ['040000000000', undefined],
  ['1.2.3.08', undefined],
];

for (const [text, address] of inetAton) {
  test(`reads ${JSON.stringify(text)} as ${address ?? 'no address'}, as the C library does`, () => {
    const value = parseInetAton(text);
    assert.equal(value === undefined ? undefined : formatIpv4(value), address);
  });
}

const numbers: readonly (readonly [text: string, value: number | undefined])[] = [
  ['0', 0],
  ['65535', 65535],
  ['65536', undefined],
  ['+81', 81],
  ['-0', 0],
  ['-1', undefined],
  [' 7', 7],
  ['\t\n\v\f\r7', 7],
  ['\u00a07', undefined],
  ['7 ', undefined],
  ['007', 7],
  ['0x7', undefined],
  ['7.0', undefined],
  ['1e3', undefined],
  ['', undefined],
  [' ', undefined],
  ['+', undefined],
  ['--7', undefined],
  ['+ 7', undefined],
  ['٣', undefined],
  ['99999999999999999999999999', undefined],
];

for (const [text, value] of numbers) {
  test(`reads ${JSON.stringify(text)} as ${value ?? 'no number of 0..65535'}`, () => {
    assert.equal(parseNumber(text, 0, 65535), value);
    assert.ok(!Object.is(parseNumber(text, 0, 65535), -0));
  });
}

const leadingDigits: readonly (readonly [text: string, value: number])[] = [
  ['64', 64],
  ['64x', 64],
  [' 64', 64],
  ['+64', 64],
  ['-1', -1],
  ['x64', 0],
  ['', 0],
  ['255.255.255.0', 255],
];

for (const [text, value] of leadingDigits) {
  test(`takes the digits that ${JSON.stringify(text)} starts with for ${value}`, () => {
    assert.equal(parseLeadingDigits(text), value);
  });
}

const ip = (family: 'inet' | 'inet6', address: string, port?: string) => ({ host: { family, address }, port });

const endpoints: readonly (readonly [text: string, endpoint: ReturnType<typeof parseEndpoint>])[] = [
  ['10.0.0.1:80', ip('inet', '10.0.0.1', '80')],
  ['10.0.0.1', ip('inet', '10.0.0.1')],
  ['10.0.0.1:', ip('inet', '10.0.0.1', '')],
  ['10.1:http', ip('inet', '10.0.0.1', 'http')],
  ['167772161:80', ip('inet', '10.0.0.1', '80')],
  ['[2001:DB8::1]:80', ip('inet6', '2001:db8::1', '80')],
  ['[2001:db8::1]', ip('inet6', '2001:db8::1')],
  ['2001:db8::1', ip('inet6', '2001:db8::1')],
  ['[10.0.0.2]:8080', ip('inet', '10.0.0.2', '8080')],
  ['::1', ip('inet6', '::1')],
  ['web:80', { host: { name: 'web' }, port: '80' }],
  ['web', { host: { name: 'web' }, port: undefined }],
  [':80', { host: { name: '' }, port: '80' }],
  ['a:b:c', { host: { name: 'a' }, port: 'b:c' }],
  ['167772161', undefined],
  ['', undefined],
];

for (const [text, endpoint] of endpoints) {
  test(`takes ${JSON.stringify(text)} apart`, () => {
    assert.deepEqual(parseEndpoint(text), endpoint);
  });
}

test('any text is an endpoint or none', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('[', ']', ':', '.', '0', '1', 'f', 'x', ' ', 'é', '\0', '\n') }),
      (text) => {
        parseEndpoint(text);
      },
    ),
    { numRuns: 1000 },
  );
});

test('cuts a name to the bytes that the kernel has room for, and never makes it longer', () => {
  assert.equal(cutName('wlc', 15), 'wlc');
  assert.equal(cutName('a'.repeat(20), 15), 'a'.repeat(15));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.ok(Buffer.byteLength(cutName(text, 15)) <= 15);
    }),
  );
});

const words: readonly (readonly [word: string, isName: boolean])[] = [
  ['web', true],
  ['web3.example', true],
  ['_srv.example.', true],
  ['3com', true],
  ['-dash', true],
  ['10.0.0.1', false],
  ['10', false],
  ['0x0a', false],
  ['2001:db8::1', false],
  ['[web]', false],
  ['a b', false],
  ['a#b', false],
  ['#web', false],
  ['evil\u001b[31mhost', false],
  ['web:80', false],
  ['', false],
];

for (const [word, isName] of words) {
  test(`${JSON.stringify(word)} is ${isName ? 'the name of a host' : 'no name of a host'}`, () => {
    assert.equal(readsAsHostName(word), isName);
  });
}
