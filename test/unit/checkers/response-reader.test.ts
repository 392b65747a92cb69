import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ResponseReader, type ReaderOptions } from '../../../src/checkers/response-reader.js';

const options: ReaderOptions = { isHead: false, bodyLimit: 1 << 16 };

/** What was read of an answer that came in these pieces. */
function read(pieces: readonly Buffer[], isClosed = true, settings: ReaderOptions = options): object {
  const reader = new ResponseReader(settings);
  for (const piece of pieces) reader.push(piece);
  if (isClosed) reader.end();
  const { status, problem, headers, isWhole } = reader;
  return { status, problem, headers: headers && Object.fromEntries(headers), isWhole, body: reader.body.toString() };
}

const ok = 'HTTP/1.1 200 OK\r\n';

const cases: readonly [name: string, text: string, seen: object][] = [
  ['a body of a length', `${ok}Content-Length: 2\r\n\r\nhixx`, { status: 200, isWhole: true, body: 'hi' }],
  ['a body that is cut off', `${ok}Content-Length: 3\r\n\r\nhi`, { status: 200, isWhole: false, body: 'hi' }],
  ['a body until the end', `${ok}\r\nhi`, { status: 200, isWhole: true, body: 'hi' }],
  ['no body', `HTTP/1.0 204 No Content\n\n`, { status: 204, isWhole: true, body: '' }],
  ['an empty body', `${ok}Content-Length: 0\r\n\r\n`, { status: 200, isWhole: true, body: '' }],
  [
    'chunks, with extensions and trailers',
    `${ok}Transfer-Encoding: gzip, Chunked\r\n\r\n1;x=y\r\nh\r\n00000002\r\ni!\r\n0\r\nX: y\r\n\r\n`,
    { isWhole: true, body: 'hi!' },
  ],
  ['chunks without their end', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n`, { isWhole: false, body: 'hi' }],
  ['a chunk of no size', `${ok}Transfer-Encoding: chunked\r\n\r\nhi\r\n`, { problem: 'a chunk has no size' }],
  ['a long chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n`, { problem: 'a chunk is longer than it says' }],
  ['answers on the way', `HTTP/1.1 103 Early\r\nA: b\r\n\r\n${ok}C: d\r\n\r\n`, { status: 200, headers: { c: 'd' } }],
  ['switched protocols', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n??', { status: 101, isWhole: true, body: '' }],
  ['fields of one name', `${ok}A: b\r\nA:c \r\n\r\n`, { headers: { a: 'b, c' } }],
  ['a status without a word', 'HTTP/1.1 301\r\n\r\n', { status: 301 }],
  ['another protocol', '220 mail ESMTP\r\n', { problem: 'it does not begin with HTTP/' }],
  ['a status that is none', 'HTTP/1.1 999 x\r\n', { problem: 'its first line is "HTTP/1.1 999 x"' }],
  ['a field without a name', `${ok}: b\r\n\r\n`, { problem: 'a header field has no name' }],
  ['a length that is none', `${ok}Content-Length: -1\r\n\r\n`, { problem: 'its Content-Length is no number' }],
  [
    'two lengths',
    `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    { problem: 'its Content-Length is no number' },
  ],
  ['a line without an end', `${ok}${'x'.repeat(1 << 16)}`, { status: 200, problem: 'its head is too long' }],
  ['endless fields', `${ok}${'A: b\r\n'.repeat(20_000)}`, { status: 200, problem: 'its head is too long' }],
  ['endless answers on the way', 'HTTP/1.1 100 x\r\n\r\n'.repeat(5000), { problem: 'its head is too long' }],
  ['a beginning', 'HTTP/1.1 2', { status: undefined, problem: undefined }],
];

for (const [name, text, seen] of cases) {
  test(`an answer of HTTP is read: ${name}`, () => {
    const all = read([Buffer.from(text)]) as Record<string, unknown>;
    for (const [key, value] of Object.entries(seen)) assert.deepEqual(all[key], value, key);
  });
}

test('the answer to a HEAD has no body, whatever it says', () => {
  const seen = read([Buffer.from(`${ok}Content-Length: 5\r\n\r\n`)], false, { ...options, isHead: true });
  assert.equal((seen as { isWhole: boolean }).isWhole, true);
});

test('no more of a body is kept than is looked at', () => {
  const seen = read([Buffer.from(`${ok}\r\nhello`)], false, { ...options, bodyLimit: 4 });
  assert.deepEqual(seen, { status: 200, problem: undefined, headers: {}, isWhole: true, body: 'hell' });
});

test('where an answer is cut into pieces makes no difference', () => {
  const texts = cases.map(([, text]) => text).filter(({ length }) => length < 1000);
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(fc.nat({ max: 200 }), { maxLength: 20 }),
      fc.boolean(),
      (text, cuts, isClosed) => {
        const bytes = Buffer.from(text);
        const places = [...new Set(cuts)].filter((cut) => cut < bytes.length).sort((one, other) => one - other);
        const pieces = [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length));
        assert.deepEqual(read(pieces, isClosed), read([bytes], isClosed));
      },
    ),
    { numRuns: 500 },
  );
});

test('any bytes are read without a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isHttp) => {
      read([Buffer.from(isHttp ? `${ok}Transfer-Encoding: chunked\r\n\r\n` : ''), Buffer.from(bytes)]);
    }),
    { numRuns: 500 },
  );
});
