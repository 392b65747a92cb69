import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeReply, encodeQuestion, type Question, type Reply } from '../../../src/checkers/dns-message.js';
import type { CheckInput } from '../../../src/documents/health-schema.js';
import { ask, closedPort, serve, serveDatagrams } from './support.js';

const codes: Readonly<Record<string, number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

/** A name as it stands in a message. */
const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter(Boolean)
      .map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ]);

const words = (...numbers: number[]): Buffer => Buffer.concat(numbers.map((each) => Buffer.of(each >> 8, each & 255)));
const longs = (...numbers: number[]): Buffer => Buffer.concat(numbers.map((each) => words(each >>> 16, each & 0xffff)));

/** A record whose name points to the question's. */
const record = (type: number, data: Buffer): Buffer =>
  Buffer.concat([words(0xc00c, type, 1), longs(60), words(data.length), data]);

/** The reply to a question. */
function replyTo(question: Buffer, code: string, records: readonly Buffer[] = [], flags = 0): Buffer {
  const reply = Buffer.concat([question, ...records]);
  reply.writeUInt16BE(0x8180 | flags | (codes[code] ?? 0), 2);
  reply.writeUInt16BE(records.length, 6);
  return reply;
}

const a = (...bytes: number[]): Buffer => record(1, Buffer.from(bytes));
const aaaa = record(28, Buffer.from('20010db8000000000000000000000007', 'hex'));
const mx = record(15, Buffer.concat([words(10), nameBytes('Mail.example.test')]));
// Its names end in the question's.
const soa = record(6, Buffer.concat([Buffer.from('\x02ns\xc0\x0c', 'latin1'), words(0xc00c), longs(2026, 1, 2, 3, 4)]));
const srv = record(33, Buffer.concat([words(1, 2, 443), nameBytes('www.example.test')]));
const txt = record(16, Buffer.from('\x05hello\x06 world'));
const ns = record(2, nameBytes('ns.example.test'));
const ptr = record(12, nameBytes('host.example.test'));
const cname = record(5, nameBytes('alias.example.test'));

describe('a dns check', () => {
  type More = Partial<Extract<CheckInput, { type: 'dns' }>>;
  const check = { type: 'dns', name: 'example.test' } as const;
  const cases: readonly [name: string, more: More, answer: (question: Buffer) => Buffer[], outcome: string][] = [
    ['a success', {}, (q) => [replyTo(q, 'NOERROR', [soa])], 'pass: NOERROR, 1 answer'],
    ['no such name', {}, (q) => [replyTo(q, 'NXDOMAIN')], 'pass: NXDOMAIN, 0 answers'],
    [
      'no such name, which is to be there',
      { expectCode: ['NOERROR'] },
      (q) => [replyTo(q, 'NXDOMAIN')],
      'said-no: NXDOMAIN instead of NOERROR',
    ],
    ['a failure', {}, (q) => [replyTo(q, 'SERVFAIL')], 'said-no: SERVFAIL instead of NOERROR or NXDOMAIN'],
    [
      'a refusal without the question',
      {},
      (q) => [Buffer.concat([q.subarray(0, 2), words(0x8005, 0, 0, 0, 0)])],
      'said-no: REFUSED instead of NOERROR or NXDOMAIN',
    ],
    [
      'the address',
      { recordType: 'A', expectAnswer: '192.0.2.7' },
      (q) => [replyTo(q, 'NOERROR', [cname, a(192, 0, 2, 6), a(192, 0, 2, 7)])],
      'pass: NOERROR, 3 answers',
    ],
    [
      'another address',
      { recordType: 'A', expectAnswer: '192.0.2.7' },
      (q) => [replyTo(q, 'NOERROR', [a(192, 0, 2, 77)])],
      'said-no: no answer is "192.0.2.7"; the first is "192.0.2.77"',
    ],
    [
      'no address',
      { recordType: 'A', expectAnswer: '192.0.2.7' },
      (q) => [replyTo(q, 'NOERROR')],
      'said-no: no answer is "192.0.2.7"; the first is none',
    ],
    [
      'the address of IPv6, however it is written',
      { recordType: 'AAAA', expectAnswer: '2001:DB8:0::7' },
      (q) => [replyTo(q, 'NOERROR', [aaaa])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'a mail server',
      { recordType: 'MX', expectAnswer: 'mail.example.test.' },
      (q) => [replyTo(q, 'NOERROR', [mx])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'a mail server and its rank',
      { recordType: 'MX', expectAnswer: '10 mail.example.test' },
      (q) => [replyTo(q, 'NOERROR', [mx])],
      'pass: NOERROR, 1 answer',
    ],
    ['a serial number', { expectAnswer: '2026' }, (q) => [replyTo(q, 'NOERROR', [soa])], 'pass: NOERROR, 1 answer'],
    [
      'a name that is packed',
      { expectAnswer: 'ns.example.test' },
      (q) => [replyTo(q, 'NOERROR', [soa])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'a service',
      { recordType: 'SRV', expectAnswer: '1 2 443 www.example.test' },
      (q) => [replyTo(q, 'NOERROR', [srv])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'a text',
      { recordType: 'TXT', expectAnswer: 'hello world' },
      (q) => [replyTo(q, 'NOERROR', [txt])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'a part of a text',
      { recordType: 'TXT', expectAnswer: 'hello' },
      (q) => [replyTo(q, 'NOERROR', [txt])],
      'said-no: no answer is "hello"; the first is "hello world"',
    ],
    [
      'a server of names',
      { recordType: 'NS', expectAnswer: 'ns.example.test' },
      (q) => [replyTo(q, 'NOERROR', [ns])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'the name of an address',
      { recordType: 'PTR', expectAnswer: 'host.example.test' },
      (q) => [replyTo(q, 'NOERROR', [ptr])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'an alias',
      { recordType: 'CNAME', expectAnswer: 'alias.example.test' },
      (q) => [replyTo(q, 'NOERROR', [cname])],
      'pass: NOERROR, 1 answer',
    ],
    [
      'a type that nobody knows',
      {},
      (q) => [replyTo(q, 'NOERROR', [record(99, Buffer.from('xx'))])],
      'pass: NOERROR, 0 answers',
    ],
    ['a truncated success', {}, (q) => [replyTo(q, 'NOERROR', [], 0x200)], 'pass: NOERROR, truncated'],
    [
      'replies to others before its own',
      {},
      (q) => [Buffer.of(1), otherId(q), otherName(q), q, replyTo(q, 'NOERROR')],
      'pass: NOERROR, 0 answers',
    ],
    ['replies to others only', { timeout: 0.1 }, (q) => [otherId(q)], 'unreachable: no answer within 0.1 s'],
    ['half a record', {}, (q) => [replyTo(q, 'NOERROR', [soa]).subarray(0, -1)], 'said-no: its reply is malformed'],
    [
      'a name that points to itself',
      {},
      (q) => [replyTo(q, 'NOERROR', [record(2, words(0xc000 | (q.length + 12)))])],
      'said-no: its reply is malformed',
    ],
    [
      'data longer than its record',
      {},
      (q) => [replyTo(q, 'NOERROR', [record(1, Buffer.alloc(5))])],
      'said-no: its reply is malformed',
    ],
  ];
  for (const [name, more, answer, outcome] of cases) {
    test(`is answered with ${name}`, async (t) => {
      const port = await serveDatagrams(t, answer);
      assert.equal(await ask({ ...check, ...more }, port), outcome);
    });
  }

  test('by TCP reads one message, in pieces', async (t) => {
    const port = await serve(t, (socket) => {
      socket.once('data', (chunk) => {
        const reply = replyTo(chunk.subarray(2), 'NOERROR', [a(192, 0, 2, 7)]);
        const message = Buffer.concat([words(reply.length), reply]);
        socket.write(message.subarray(0, 1));
        setTimeout(() => socket.write(message.subarray(1)), 10);
      });
    });
    const byTcp = { ...check, transport: 'tcp', recordType: 'A', expectAnswer: '192.0.2.7' } as const;
    assert.equal(await ask(byTcp, port), 'pass: NOERROR, 1 answer');
    const foreign = await serve(t, (socket) => socket.end('\x00\x02no'));
    assert.equal(await ask(byTcp, foreign), 'said-no: its reply is malformed');
    const short = await serve(t, (socket) => socket.end('\x00\x03no'));
    assert.equal(await ask(byTcp, short), 'unreachable: closed the connection without a whole answer');
  });

  test('asks again by TCP for an answer that was cut off', async (t) => {
    let asked = 0;
    const port = await serve(t, (socket) => {
      socket.once('data', (chunk) => {
        asked++;
        const reply = replyTo(chunk.subarray(2), 'NOERROR', [a(192, 0, 2, 7)]);
        socket.end(Buffer.concat([words(reply.length), reply]));
      });
    });
    await serveDatagrams(t, (question) => [replyTo(question, 'NOERROR', [], 0x200)], '127.0.0.1', port);
    const outcome = await ask({ ...check, recordType: 'A', expectAnswer: '192.0.2.7' }, port);
    assert.equal(outcome, 'pass: NOERROR, 1 answer');
    assert.equal(asked, 1);
  });

  test('finds a closed port unreachable', async () => {
    assert.equal(await ask(check, await closedPort()), 'unreachable: refused the connection');
    assert.equal(await ask({ ...check, transport: 'tcp' }, await closedPort()), 'unreachable: refused the connection');
  });

  test('knows nothing when its name is none', async () => {
    for (const name of ['a..b', `${'x'.repeat(64)}.test`, '.a']) {
      assert.equal(await ask({ ...check, name }, 9), `unknown: not a domain name: ${name}`);
    }
  });
});

function otherId(question: Buffer): Buffer {
  const reply = replyTo(question, 'SERVFAIL');
  reply.writeUInt16BE(reply.readUInt16BE() ^ 1);
  return reply;
}

function otherName(question: Buffer): Buffer {
  const reply = replyTo(question, 'SERVFAIL');
  reply[13] = 0x79;
  return reply;
}

const label = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '_', '*'), minLength: 1, maxLength: 63 });
const name = fc.array(label, { maxLength: 3 }).map((labels) => labels.join('.') || '.');
const question: fc.Arbitrary<Question> = fc.record(
  {
    id: fc.nat({ max: 0xffff }),
    name,
    type: fc.constantFrom(
      'A' as const,
      'AAAA' as const,
      'CNAME' as const,
      'MX' as const,
      'NS' as const,
      'SOA' as const,
    ),
  },
  { noNullPrototype: true },
);

test('a question is recognised in its reply, whatever the case of its letters', () => {
  fc.assert(
    fc.property(question, fc.ipV4(), (asked, address) => {
      const message = encodeQuestion(asked);
      assert.ok(message !== undefined);
      const records = [a(...address.split('.').map(Number)), soa];
      const expected: Reply = {
        code: 'NOERROR',
        isTruncated: false,
        answers: [
          { type: 'A', parts: [address] },
          {
            type: 'SOA',
            parts: [
              ['ns', asked.name].filter((part) => part !== '.').join('.'),
              asked.name === '.' ? '' : asked.name,
              ...['2026', '1', '2', '3', '4'],
            ],
          },
        ],
      };
      assert.deepEqual(decodeReply(replyTo(message, 'NOERROR', records), asked), expected);
      const shouted = { ...asked, name: asked.name.toUpperCase() };
      assert.deepEqual(decodeReply(replyTo(message, 'NOERROR', records), shouted), expected);
    }),
  );
});

test('any bytes are read without a fault, and end', () => {
  fc.assert(
    fc.property(question, fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 3 }), (asked, bytes, count) => {
      const message = encodeQuestion(asked);
      assert.ok(message !== undefined);
      const reply = replyTo(message, 'NOERROR', [Buffer.from(bytes)]);
      reply.writeUInt16BE(count, 6);
      decodeReply(reply, asked);
      decodeReply(Buffer.from(bytes), asked);
    }),
    { numRuns: 1000 },
  );
});
