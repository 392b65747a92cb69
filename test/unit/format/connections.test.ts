import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatConnection, formatConnectionTitles, parseConnection } from '../../../src/format/connections.js';
import { numericNaming, type Naming } from '../../../src/format/labels.js';
import { NameTable } from '../support/naming.js';

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
    const connection = parseConnection(line);
    assert.ok(connection);
    assert.equal(formatConnection(connection, false, naming), shown);
    assert.equal(formatConnection(connection, true, naming), persistent);
  });
}

test('reads a line with the newline still on, and with blanks behind', () => {
  const line = 'TCP 0A000001 B35C 0A000001 0050 0A000002 1F90 ESTABLISHED     899';
  assert.deepEqual(parseConnection(`${line}\n`), parseConnection(line));
  assert.deepEqual(parseConnection(`${line}  `), parseConnection(line));
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
    assert.equal(parseConnection(line), undefined);
  });
}

test('any text is a connection or none, without delay and without control characters', () => {
  const column = fc.oneof(fc.constantFrom('TCP', '0A000001', '0050', '1', '::', 'constructor'), fc.string());
  fc.assert(
    fc.property(fc.array(column, { maxLength: 14 }), (columns) => {
      const connection = parseConnection(columns.join(' '));
      if (connection === undefined) return;
      const ownName = { ...connection, protocol: 'TCP', state: 'NONE' };
      assert.doesNotMatch(formatConnection(ownName, true, numericNaming).slice(0, -1), /\p{Cc}/u);
    }),
    { numRuns: 1000 },
  );
});

test('a long line that is nearly a connection is refused at once', () => {
  const started = performance.now();
  assert.equal(parseConnection('TCP '.repeat(20_000)), undefined);
  assert.equal(parseConnection(`TCP${' '.repeat(60_000)}`), undefined);
  assert.ok(performance.now() - started < 1000);
});

test('persistence data is shown without its control characters', () => {
  const connection = parseConnection('UDP 0A000001 13C4 0A000001 13C4 0A000002 13C4 UDP 299 sip \u001b[2J\u009bx');
  assert.ok(connection);
  assert.match(formatConnection(connection, true, numericNaming), / \?\[2J\?x\n$/);
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
