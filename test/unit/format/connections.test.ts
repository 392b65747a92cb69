import { numericNaming, type Naming } from '../../../src/names/naming.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  ConnectionLine,
  formatConnectionTitles,
  type Connection,
  type ConnectionEnd,
} from '../../../src/format/connections.js';
import { formatIpv4, formatIpv6, parseIpv6 } from '../../../src/model/address.js';
import { NameTable } from '../support/naming.js';
import { written } from '../support/written.js';

/** Reads a line in the middle of others, which must not count. */
function lineOf(text: string | Uint8Array, line = new ConnectionLine()): ConnectionLine | undefined {
  const bytes = Buffer.from(text);
  const around = Buffer.concat([Buffer.from('F 0 '), bytes, Buffer.from('F sip more data\n')]);
  return line.read(around, 4, 4 + bytes.length) ? line : undefined;
}

function parsed(text: string | Uint8Array): Connection | undefined {
  return lineOf(text)?.connection();
}

function shownAs(text: string, persistence: boolean, naming: Naming): string {
  const line = lineOf(text);
  assert.ok(line, 'no connection');
  return written((out) => {
    line.write(out, persistence, naming);
  });
}

const names = new NameTable({ vip: '10.0.0.1' }, { 'http/tcp': 80 });

interface Row {
  readonly what: string;
  /** A line of /proc/net/ip_vs_conn, Linux 6.1. */
  readonly line: string;
  readonly shown: string;
  /** With the columns of the persistence engine; the same where the connection has none. */
  readonly persistent?: string;
  readonly naming?: Naming;
}

const rows: readonly Row[] = [
  {
    what: 'an IPv4 connection',
    line: 'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED     899',
    shown: 'TCP 14:59  ESTABLISHED 10.0.0.1:45916     10.0.0.1:80        10.0.0.2:8080\n',
  },
  {
    what: 'an address above 128.0.0.0',
    line: 'UDP FFFFFFFE 0001 C0A80001 0035 DEADBEEF 0035 UDP             299',
    shown: 'UDP 04:59  UDP         255.255.255.254:1  192.168.0.1:53     222.173.190.239:53\n',
  },
  {
    what: 'an IPv6 connection',
    line: 'TCP 2001:0db8:0000:0000:0000:0000:0000:0001 B35C 2001:0db8:0000:0000:0000:0000:0000:0002 0050 2001:0db8:0000:0000:0000:0000:0000:0003 0050 TIME_WAIT        59',
    shown: 'TCP 00:59  TIME_WAIT   [2001:db8::1]:45916 [2001:db8::2]:80   [2001:db8::3]:80\n',
  },
  {
    what: 'a persistence template of a firewall mark',
    line: 'IP  0A000001 0000 00000007 0000 0A000002 0000 NONE            360',
    shown: 'IP  06:00  NONE        10.0.0.1:0         0.0.0.7:0          10.0.0.2:0\n',
  },
  {
    what: 'data of a persistence engine that holds blanks',
    line: 'UDP 0A000001 13C4 0A000001 13C4 0A000002 13C4 UDP             299 sip a call id@host',
    shown: 'UDP 04:59  UDP         10.0.0.1:5060      10.0.0.1:5060      10.0.0.2:5060\n',
    persistent:
      'UDP 04:59  UDP         10.0.0.1:5060      10.0.0.1:5060      10.0.0.2:5060    sip                a call id@host\n',
  },
  {
    what: 'names',
    line: 'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 SYN_RECV         60',
    shown: 'TCP 01:00  SYN_RECV    vip:45916          vip:http           10.0.0.2:8080\n',
    naming: names,
  },
  {
    what: 'more than a hundred minutes',
    line: 'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED 2678400',
    shown: 'TCP 44640:00 ESTABLISHED 10.0.0.1:45916     10.0.0.1:80        10.0.0.2:8080\n',
  },
];

for (const { what, line, shown, persistent = shown, naming = numericNaming } of rows) {
  test(`shows ${what}`, () => {
    assert.equal(shownAs(line, false, naming), shown);
    assert.equal(shownAs(line, true, naming), persistent);
  });
}

test('reads a line with the newline still on, and with blanks behind', () => {
  const line = 'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED     899';
  assert.ok(parsed(line));
  assert.deepEqual(parsed(`${line}\n`), parsed(line));
  assert.deepEqual(parsed(`${line}  `), parsed(line));
});

const junk: readonly string[] = [
  '',
  'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData',
  'TCP',
  'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED',
  'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED soon',
  'TCP 0A00001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED 1',
  'TCP 0A000001 1B35C 0A000001 0050 0A000002 1F90 ESTABLISHED 1',
  'TCP 0A000001 port 0A000001 0050 0A000002 1F90 ESTABLISHED 1',
  'TCP 2001:db8:::1 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED 1',
  'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED -1',
  '\0\0\0',
];

for (const line of junk) {
  test(`takes ${JSON.stringify(line)} for no connection`, () => {
    assert.equal(parsed(line), undefined);
  });
}

const ascii = fc.string({ unit: fc.constantFrom('A', 'f', '0', '7', ':', '[', ']', '.', '-', '"', '~'), maxLength: 9 });
const anyText = fc.string({ unit: 'binary', maxLength: 6 });

function mostly<T>(valid: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 24, arbitrary: valid }, { weight: 1, arbitrary: odd });
}

function digits(unit: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...Array.from(unit)), minLength, maxLength });
}

const hexadecimal = '0123456789abcdefABCDEF';
const address = mostly(
  fc.oneof(
    digits(hexadecimal, 8, 8),
    fc.ipV6(),
    fc.ipV6().map((text) => `[${text}]`),
  ),
  fc.oneof(digits(hexadecimal, 7, 9), ascii, anyText),
);
const port = mostly(digits(hexadecimal, 1, 4), fc.oneof(digits(hexadecimal, 4, 6), ascii, anyText));
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('TCP', 'IP', 'ESTABLISHED', 'constructor') },
  { weight: 1, arbitrary: anyText },
);
const expiry = mostly(
  fc.oneof(digits('0123456789', 1, 7), digits('0123456789', 14, 24)),
  fc.oneof(ascii, anyText, digits(hexadecimal, 1, 4)),
);
const gap = fc.oneof(
  { weight: 200, arbitrary: fc.constant(' ') },
  { weight: 20, arbitrary: fc.constant('   ') },
  { weight: 1, arbitrary: digits(' \t\n\v\f\r', 0, 3) },
);
const blanks = digits(' \t\n\v\f\r', 0, 3);
const data = fc.oneof(
  anyText,
  fc.tuple(anyText, blanks, anyText).map((parts) => parts.join('')),
);

/** Columns that a connection has, one or the other of them wrong, and what is between them. */
const nearlyConnection: fc.Arbitrary<string> = fc
  .tuple(
    fc.tuple(word, address, port, address, port, address, port, word, expiry),
    fc.oneof(fc.constant([]), fc.tuple(word), fc.tuple(word, data)),
    fc.array(gap, { minLength: 11, maxLength: 11 }),
    mostly(fc.constant(''), blanks),
    blanks,
    fc.nat(200),
  )
  .map(([needed, engine, gaps, before, after, dropped]) => {
    const columns: string[] = [...needed, ...engine];
    if (dropped < columns.length) columns.splice(dropped, 1);
    return before + columns.map((text, index) => `${index === 0 ? '' : (gaps[index] ?? '')}${text}`).join('') + after;
  });

test('any text is a connection or none, and is shown without control characters', () => {
  const junk = fc.array(fc.oneof(fc.constantFrom('TCP', '0A000001', '0050', '1', '::', 'constructor'), anyText), {
    maxLength: 14,
  });
  let shown = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        nearlyConnection,
        junk.map((columns) => columns.join(' ')),
      ),
      (text) => {
        const line = lineOf(text);
        if (line === undefined) return;
        shown++;
        for (const persistence of [true, false]) {
          const output = written((out) => {
            line.write(out, persistence, numericNaming);
          });
          assert.match(output, /\n$/);
          assert.doesNotMatch(output.slice(0, -1), /[\p{Cc}\u2028\u2029]/u);
        }
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(shown > 100, `${shown} connections`);
});

test('control characters of every column that has text are shown as question marks', () => {
  const line = '\u001bP 0A000001 13C4 0A000001 13C4 0A000002 13C4 A\u0007\u0085 299 s\u009bp \u001b[2J\u2028\u007fx';
  assert.equal(
    shownAs(line, true, numericNaming),
    '?P  04:59  A??         10.0.0.1:5060      10.0.0.1:5060      10.0.0.2:5060    s?p                ?[2J??x\n',
  );
});

/** What a line is, by a regular expression: slower, and easily seen to be right. */
function reference(line: string): Connection | undefined {
  const match = /^(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\d+)(?: +(\S+)(?: +(.*?))?)?\s*$/s.exec(
    line,
  );
  if (match === null) return undefined;
  const [, protocol = '', from = '', fromPort = '', to = '', toPort = '', dest = '', destPort = ''] = match;
  const [state = '', expires = '', name, data = ''] = match.slice(8);
  const client = referenceEnd(from, fromPort);
  const virtual = referenceEnd(to, toPort);
  const server = referenceEnd(dest, destPort);
  if (client === undefined || virtual === undefined || server === undefined) return undefined;
  const connection = {
    protocol,
    client,
    virtual,
    server,
    state,
    expires: Math.min(Number(expires), Number.MAX_SAFE_INTEGER),
  };
  return name === undefined ? connection : { ...connection, engine: { name, data } };
}

function referenceEnd(text: string, port: string): ConnectionEnd | undefined {
  if (!/^[0-9a-f]{1,4}$/i.test(port)) return undefined;
  const number = Number.parseInt(port, 16);
  if (/^[0-9a-f]{8}$/i.test(text)) {
    return { family: 'inet', address: formatIpv4(Number.parseInt(text, 16)), port: number };
  }
  const bytes = parseIpv6(text.replace(/^\[(.*)\]$/, '$1'));
  return bytes === undefined ? undefined : { family: 'inet6', address: formatIpv6(bytes), port: number };
}

test('a line is the connection that a regular expression takes it for, or none', () => {
  const changes = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }) },
  );
  // One object for all, as when listing: nothing may be left of the line before.
  const line = new ConnectionLine();
  const counts = { connections: 0, others: 0 };
  fc.assert(
    fc.property(nearlyConnection, changes, (text, places) => {
      const bytes = Buffer.from(text);
      for (const [place, value] of places) bytes[place % bytes.length] = value;
      const decoded = bytes.toString();
      // Columns are apart by ASCII blanks: other white space is text, which the expression does not know.
      fc.pre(!/[^\S\t-\r ]/u.test(decoded));
      const expected = reference(decoded);
      const found = lineOf(bytes, line);
      assert.deepEqual(found?.connection(), expected);
      if (found === undefined || expected === undefined) {
        counts.others++;
        return;
      }
      counts.connections++;
      const { client, virtual, server } = expected;
      assert.deepEqual(found.addresses(), [client.address, virtual.address, server.address]);
    }),
    { numRuns: 5000 },
  );
  assert.ok(counts.connections > 500 && counts.others > 500, JSON.stringify(counts));
});

test('white space that is not ASCII separates no columns', () => {
  const line = 'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 NO\u00a0NE 899 s\u3000p data\u2003';
  assert.deepEqual(parsed(line)?.state, 'NO\u00a0NE');
  assert.deepEqual(parsed(line)?.engine, { name: 's\u3000p', data: 'data\u2003' });
});

test('a long line that is nearly a connection is refused at once', () => {
  const started = performance.now();
  assert.equal(parsed('TCP '.repeat(20_000)), undefined);
  assert.equal(parsed(`TCP${' '.repeat(60_000)}`), undefined);
  assert.ok(performance.now() - started < 1000);
});

test('persistence data is shown without its control characters', () => {
  const line = 'UDP 0A000001 13C4 0A000001 13C4 0A000002 13C4 UDP 299 sip \u001b[2J\u009bx';
  assert.match(shownAs(line, true, numericNaming), / \?\[2J\?x\n$/);
});

test('puts titles above the connections', () => {
  assert.equal(
    formatConnectionTitles(false),
    'IPVS connection entries\npro expire state       source             virtual            destination\n',
  );
  assert.equal(
    formatConnectionTitles(true),
    'IPVS connection entries\n' +
      'pro expire state       source             virtual            destination        pe name          pe_data\n',
  );
});
