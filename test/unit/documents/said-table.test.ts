import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatTable } from '../../../src/documents/format-table.js';
import { readTable } from '../../../src/documents/parse-table.js';
import { SaidTable } from '../../../src/documents/said-table.js';
import { canonicalServer } from '../../../src/model/canonical.js';
import { ServerRows } from '../../../src/model/server-rows.js';
import type { Table } from '../../../src/model/table.js';
import { compareTables, isSame } from '../../../src/plan/difference.js';
import { plainServer, plainService } from '../support/entries.js';
import { noNames } from '../support/naming.js';
import { table, type TableParts } from '../support/tables.js';

/** Whether a text is found to say all of a table that a kernel has. */
function says(text: string | Buffer, { services, timeouts, syncDaemons }: Table): boolean {
  const said = SaidTable.of(Buffer.from(text));
  if (said === undefined) return false;
  const settings = { timeouts: timeouts ?? { tcp: 900, tcpFin: 120, udp: 300 }, syncDaemons: syncDaemons ?? [] };
  if (!said.saysSettings(settings)) return false;
  const places = services.map(({ service, servers }) => said.placeOf(service, ServerRows.of(servers)));
  return !places.includes(undefined) && new Set(places).size === said.size;
}

const parts: TableParts = {
  schedulers: ['rr', 'wlc', 'mh', 'a:b', '#', '0x10'],
  engines: ['sip', '~'],
  interfaces: ['eth0', '#1', 'é'],
  unsayable: true,
};

const quickFormats = ['yaml', 'rules'] as const;

/** Something else in place of some of a text: most of it changes what the text says, or makes it unreadable. */
const edit: fc.Arbitrary<(text: string) => string> = fc
  .record({
    at: fc.nat(),
    other: fc.nat(),
    kind: fc.constantFrom('leave out', 'twice', 'swap', 'digit', 'end', 'remark', 'before', 'letter'),
    words: fc.constantFrom(
      '# remark',
      '',
      ' ',
      '   # remark',
      '\r',
      'x',
      '\t',
      '---',
      '#\u0085',
      '-C',
      '--set 1 2 3',
      '- a',
    ),
  })
  .map(({ at, other, kind, words }) => (text) => {
    const lines = text.split('\n');
    const index = at % lines.length;
    const line = lines[index] ?? '';
    const second = other % lines.length;
    const place = other % (line.length + 1);
    const edits: Record<typeof kind, () => void> = {
      'leave out': () => lines.splice(index, 1),
      twice: () => lines.splice(second, 0, line),
      swap: () => {
        lines[index] = lines[second] ?? '';
        lines[second] = line;
      },
      digit: () => (lines[index] = line.replace(/\d/, String(other % 10))),
      end: () => (lines[index] = `${line}${words}`),
      remark: () => lines.splice(index, 0, words),
      before: () => (lines[index] = `${words}${line}`),
      letter: () => (lines[index] = line.slice(0, place) + line.slice(place + 1)),
    };
    edits[kind]();
    return lines.join('\n');
  });

for (const format of quickFormats) {
  test(`a text as ${format} is never found to say a table that reading it would not give`, async () => {
    await fc.assert(
      fc.asyncProperty(table(parts), fc.array(edit, { maxLength: 2 }), async (any, edits) => {
        let text: string;
        try {
          text = formatTable(any, format, 'table');
        } catch {
          fc.pre(false);
          return;
        }
        for (const change of edits) text = change(text);
        if (!says(text, any)) return;
        assert.ok(isSame(compareTables(any, await readTable(text, 'text', noNames))), text);
      }),
      { numRuns: 1000 },
    );
  });
}

test('what another program can only have set is left to the slow way', () => {
  fc.assert(
    fc.property(table({ ...parts, unsayable: true }), (any) => {
      const plain = any.services.every(({ servers }) =>
        servers.every(({ forwarding }) => ['masquerading', 'direct-routing', 'tunnelling'].includes(forwarding)),
      );
      const text = formatTable(any, 'yaml', 'table');
      assert.ok(plain || !says(text, any));
    }),
  );
});

const server = (address: string, weight = 1) => canonicalServer({ ...plainServer, address, weight });

const cluster: Table = {
  services: [
    { service: plainService, servers: ['10.0.0.9', '10.0.0.10', '10.0.0.2'].map((address) => server(address)) },
    {
      service: { ...plainService, key: { family: 'inet', fwmark: 7 }, persistenceTimeout: 300 },
      servers: [server('10.1.0.1', 0)],
    },
    { service: { ...plainService, key: { family: 'inet', fwmark: 8 } }, servers: [] },
  ],
  timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
  syncDaemons: [],
};

for (const format of quickFormats) {
  const text = formatTable(cluster, format, 'table');

  test(`what export writes as ${format} is found in whatever order the kernel has it`, () => {
    assert.ok(says(text, cluster));
    const turned = cluster.services.map(({ service, servers }) => ({ service, servers: [...servers].reverse() }));
    assert.ok(says(text, { ...cluster, services: turned.reverse() }));
  });

  test(`remarks in a text as ${format} are passed over`, () => {
    const remarked = `# ours\n\n${text.replaceAll('\n', '\n    # größer\n\n')}# end\n`;
    assert.ok(says(remarked, cluster));
  });

  test(`services of a text as ${format} may come in any order`, () => {
    const starts = format === 'rules' ? /^(?=-A )/m : /^(?= {2}- )/m;
    const [head = '', ...blocks] = text.split(starts);
    assert.equal(blocks.length, cluster.services.length);
    assert.ok(says([head, ...blocks.reverse()].join(''), cluster));
  });

  test(`a table without services is found in a text as ${format}`, () => {
    const empty: Table = { ...cluster, services: [] };
    assert.ok(says(formatTable(empty, format, 'table'), empty));
    assert.ok(!says(formatTable(empty, format, 'table'), cluster));
    assert.ok(!says(text, empty));
  });

  test(`bytes that are no UTF-8 are left to the reader of ${format}`, () => {
    const daemon = { role: 'master', syncId: 0, maxLength: 0, group: '224.0.0.81', port: 8848, ttl: 1 } as const;
    const running: Table = { ...cluster, syncDaemons: [{ ...daemon, interface: 'é' }] };
    const written = formatTable(running, format, 'table');
    assert.ok(says(written, running));
    assert.ok(!says(Buffer.from(written, 'latin1'), running));
    assert.ok(!says(Buffer.from(`# é\n${text}`, 'latin1'), cluster));
  });
}

const others: readonly (readonly [what: string, text: string])[] = [
  ['JSON', '{"services": []}\n'],
  ['nothing', ''],
  ['YAML that is laid out in another way', 'services:\n- tcp: 192.0.2.1:80\n'],
  ['a service twice', '-A -f 7 -s rr\n-A -f 7 -s rr\n'],
  ['a remark with a character that a reader would refuse', '# \u0007\n-A -f 7 -s rr\n'],
];

for (const [what, text] of others) {
  test(`the quick way leaves ${what} to a reader`, () => {
    assert.ok(!says(text, cluster));
  });
}
