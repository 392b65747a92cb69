import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Draft, mostEntries } from '../../../src/documents/foreign/draft.js';
import { filesOf, type ForeignFiles } from '../../../src/documents/foreign/files.js';
import type { Imported } from '../../../src/documents/foreign/finish.js';
import { formatImport } from '../../../src/documents/foreign/format-import.js';
import { KeepalivedText, type Statement } from '../../../src/documents/foreign/keepalived-text.js';
import { foreignKindOf, foreignKinds, type ForeignKind } from '../../../src/documents/foreign/kinds.js';
import { readForeign } from '../../../src/documents/foreign/read-foreign.js';
import { parseConfiguration } from '../../../src/documents/parse-table.js';
import { NameTable } from '../support/naming.js';

const place = 'test/fixtures/import';

const disk: ForeignFiles = {
  read: (path) => Promise.resolve(readFileSync(path, 'utf8')),
  list: (directory) => Promise.resolve(readdirSync(directory)),
};

const names = new NameTable({ vip: '192.0.2.53', web1: '10.0.1.2' }, { 'domain/tcp': 53, 'http/tcp': 80 });

async function read(kind: ForeignKind, text: string, file: string, files: ForeignFiles = disk): Promise<Imported> {
  return readForeign(kind, text, file, { files, names });
}

/** Files in memory, for what no one should have on a disk. */
function memory(files: Readonly<Record<string, string>>): ForeignFiles {
  return {
    read: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(text);
    },
    list: (directory) =>
      Promise.resolve(
        Object.keys(files).flatMap((path) => {
          const inside =
            directory === '.' ? path : path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : '';
          return inside === '' || inside.includes('/') ? [] : [inside];
        }),
      ),
  };
}

const examples = foreignKinds.flatMap((kind) =>
  readdirSync(`${place}/${kind}`)
    .filter((name) => /\.(conf|cf)$/.test(name))
    .map((name) => [kind, `${place}/${kind}/${name}`] as const),
);

describe('files of other programs', () => {
  for (const [kind, file] of examples) {
    test(`${file} becomes the document beside it`, async () => {
      const text = readFileSync(file, 'utf8');
      assert.equal(foreignKindOf(text), kind);
      const imported = await read(kind, text, file);
      const document = [...formatImport(imported, file)].join('');
      const expected = `${file}.yaml`;
      // After an intended change: UPDATE_FIXTURES=1, and read what has changed.
      if (process.env['UPDATE_FIXTURES'] === '1') writeFileSync(expected, document);
      assert.equal(document, readFileSync(expected, 'utf8'));
      const { table, health, ranges } = imported;
      assert.deepEqual(await parseConfiguration(document, expected), { table, health, ranges });
    });
  }

  test('are not taken for one another, nor for a document or a rule dump', () => {
    const others: readonly string[] = ['', 'services: []\n', '-A -t 192.0.2.1:80\n', '{ "services": [] }', 'a: b'];
    for (const text of others) assert.equal(foreignKindOf(text), undefined, text);
    assert.equal(foreignKindOf('include /etc/keepalived/conf.d/*.conf\n'), 'keepalived');
    assert.equal(foreignKindOf('serial_no = 1\nglobal_defs {\n}\n'), 'keepalived');
    assert.equal(foreignKindOf('serial_no = 1\n'), 'lvs.cf');
  });

  test('whatever they hold, end in a document that can be read', async () => {
    const words = fc.constantFrom(
      ...[
        'virtual_server',
        'real_server',
        '192.0.2.1',
        '10.0.0.1',
        '80',
        '0',
        '{',
        '}',
        '\n',
        'weight',
        '-1',
        'TCP_CHECK',
      ],
      ...[
        'HTTP_GET',
        'url',
        'path',
        '"',
        '$A',
        '$A=',
        '\\',
        'virtual=',
        '192.0.2.1:80',
        '    real=10.0.0.1:80 gate',
        '#',
      ],
      ...[
        'virtual x {',
        'server y {',
        'address = 10.0.0.1',
        'active = 1',
        'port = 99999',
        'lb_kind',
        'DR',
        'fwmark',
        '5',
      ],
      ...['include x', '~SEQ(A,1,2)', '@a', 'protocol=udp', 'checktype=negotiate', 'quorum', '5', '\u001b[2J', '%h'],
      ...['send = "\u009b31m\u202e"', 'virtual \u202e {', 'expect = "\u007f\u2028"'],
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...foreignKinds), fc.array(words, { maxLength: 60 }), async (kind, list) => {
        const imported = await read(kind, list.join(' '), 'f', memory({}));
        const document = [...formatImport(imported, 'f')].join('');
        // eslint-disable-next-line no-control-regex -- these must not be there
        assert.doesNotMatch(document, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/u);
        const { table, health, ranges } = imported;
        assert.deepEqual(await parseConfiguration(document, 'f'), { table, health, ranges });
      }),
      { numRuns: 300 },
    );
  });
});

/** Statements without their lines. */
function plain(statements: readonly Statement[]): unknown[] {
  return statements.map(({ words, inside }) => (inside === undefined ? words : [...words, plain(inside)]));
}

async function statements(text: string, files: Readonly<Record<string, string>> = {}) {
  const draft = new Draft();
  const read = await new KeepalivedText(draft, memory(files)).read(text, 'k/main.conf');
  return {
    read: plain(read),
    notes: draft.notes.map(({ origin, message }) => `${origin.file}:${origin.line} ${message}`),
  };
}

describe("keepalived's language", () => {
  const cases: readonly (readonly [text: string, expected: unknown[]])[] = [
    ['a b\nc', [['a', 'b'], ['c']]],
    ['a { b 1\n c }', [['a', [['b', '1'], ['c']]]]],
    ['a\n{\nb\n}\nc', [['a', [['b']]], ['c']]],
    ['a{b}', [['a', [['b']]]]],
    [
      'a "b c" # d\n! e\nf "#!" g',
      [
        ['a', 'b c'],
        ['f', '#!', 'g'],
      ],
    ],
    ['a "say \\"hi\\"" b\\ c', [['a', 'say "hi"', 'b c']]],
    ['a 1 \\\n 2 # x\nb', [['a', '1', '2'], ['b']]],
    ['$A=1 2\na $A ${A}3', [['a', '1', '2', '1', '23']]],
    ['$A=1\n$B=${A}2\na $B', [['a', '12']]],
    ['@x a\n@^x b', [['b']]],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), async () => {
      assert.deepEqual((await statements(text)).read, expected);
    });
  }

  test('includes files from where the including one is, sorted, each in its own directory', async () => {
    const files = {
      'k/main.conf': '',
      'k/d/b.conf': 'b',
      'k/d/a.conf': 'a\ninclude sub/x',
      'k/d/sub/x': 'x',
      'k/d/.hidden.conf': 'hidden',
    };
    assert.deepEqual(await statements('include d/*.conf\nz', files), { read: [['a'], ['x'], ['b'], ['z']], notes: [] });
  });

  test('reads no file for ever', async () => {
    const loop = { 'k/main.conf': 'a\ninclude main.conf', 'k/other.conf': 'b\ninclude main.conf\ninclude other.conf' };
    const { read, notes } = await statements('include other.conf\nend', loop);
    assert.deepEqual(read, [['b'], ['end']]);
    assert.deepEqual(notes, [
      'k/other.conf:2 k/main.conf includes itself; it is read once',
      'k/other.conf:3 k/other.conf includes itself; it is read once',
    ]);
    // Thirty files of which each includes all others: more orders than anybody has time for.
    const list = Array.from({ length: 30 }, (_, index) => `k/f${index}`);
    const all = Object.fromEntries(list.map((name) => [name, 'x\ninclude f*']));
    const many = await statements('include f*', all);
    assert.ok(many.read.length <= 1000);
    assert.ok(many.notes.some((note) => note.includes('too many files are included')));
  });

  test('does not let definitions grow for ever', async () => {
    const doubling = Array.from({ length: 40 }, (_, index) => `$A${index + 1}=$A${index}$A${index}`);
    const { notes } = await statements(['$A0=aaaaaaaa', ...doubling, 'x $A40'].join('\n'));
    assert.ok(notes.some((note) => note.includes('too long')));
    const many = ['$A=' + 'a'.repeat(60_000), ...Array.from({ length: 1000 }, () => 'x $A')].join('\n');
    assert.ok((await statements(many)).notes.some((note) => note.includes('too long')));
  });
});

describe('large files', () => {
  test('have room for so many services and servers, and notes', () => {
    const draft = new Draft();
    const origin = { file: 'f', line: 1 };
    for (let index = 0; index < mostEntries; index++) assert.ok(draft.hasRoom(origin));
    assert.ok(!draft.hasRoom(origin));
    for (let line = 0; line < 2000; line++) draft.note({ file: 'f', line }, 'x', line === 1999);
    assert.equal(draft.notes.length, 1001);
    assert.deepEqual(draft.notes.at(-1)?.message, '1001 more notes are left out');
    assert.ok(draft.notes.at(-1)?.isLoss);
  });

  const cases: readonly (readonly [title: string, kind: ForeignKind, text: string])[] = [
    ['empty lines', 'keepalived', '\n'.repeat(1 << 20)],
    ['one line', 'ldirectord', 'x'.repeat(1 << 20)],
    ['a quote that is never closed', 'lvs.cf', `a = "${'x'.repeat(60_000)}\n`.repeat(50)],
    ['quotes in quotes', 'keepalived', `a ${'"\\"'.repeat(20_000)}\n`.repeat(10)],
    ['nothing that is known', 'ldirectord', 'x=1\n'.repeat(100_000)],
    [
      'ranges',
      'keepalived',
      `virtual_server_group g {\n${'10.0.0.0/22 80\n'.repeat(10)}}\nvirtual_server group g {\n}\n`,
    ],
    ['ranges of servers', 'ldirectord', `virtual=192.0.2.1:80\n${' real=10.0.0.0->10.0.3.255 gate\n'.repeat(10)}`],
  ];
  for (const [title, kind, text] of cases) {
    test(`end in bounded time and memory: ${title}`, { timeout: 30_000 }, async () => {
      foreignKindOf(text);
      const { notes, table } = await read(kind, text, 'f', memory({}));
      assert.ok(notes.length <= 1001);
      assert.ok(table.services.length <= 1024);
    });
  }
});

describe('patterns of file names', () => {
  const files = memory({ 'd/a.conf': '', 'd/b.conf': '', 'd/c.txt': '', 'd/.x.conf': '', 'e/a.conf': '', 'd/[x]': '' });
  const cases: readonly (readonly [pattern: string, expected: readonly string[]])[] = [
    ['d/a.conf', ['d/a.conf']],
    ['d/none', ['d/none']],
    ['d/*.conf', ['d/a.conf', 'd/b.conf']],
    ['d/?.conf', ['d/a.conf', 'd/b.conf']],
    ['d/[!a].conf', ['d/b.conf']],
    ['d/[a-b].*', ['d/a.conf', 'd/b.conf']],
    ['d/.*.conf', ['d/.x.conf']],
    ['{d,e}/a*', ['d/a.conf', 'e/a.conf']],
    ['d/{a,{b,c}}.*', ['d/a.conf', 'd/b.conf', 'd/c.txt']],
    ['none/*', []],
    ['d/*c*nf', ['d/a.conf', 'd/b.conf']],
    [`d/${'*a'.repeat(300)}b`, []],
    ['d/\\[x\\]*', ['d/[x]']],
    ['d/[[]x]', ['d/[x]']],
  ];
  for (const [pattern, expected] of cases) {
    test(pattern, async () => {
      assert.deepEqual(await filesOf(files, pattern), expected);
    });
  }

  test('that stand for too much are refused', async () => {
    await assert.rejects(filesOf(files, '{a,b}'.repeat(10)), /too many alternatives/);
    await assert.rejects(filesOf(files, 'x'.repeat(2000)), /too long/);
  });
});
