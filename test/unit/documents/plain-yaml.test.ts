import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatTable } from '../../../src/documents/format-table.js';
import { readPlainYaml } from '../../../src/documents/plain-yaml.js';
import { parseYaml } from '../../../src/documents/yaml-text.js';
import { table } from '../support/tables.js';

/** What the reader of all YAML makes of a text; undefined where something is wrong with it. */
function yamlValue(text: string): unknown {
  const read = parseYaml(text);
  return 'value' in read && read.faults.length === 0 ? read.value : undefined;
}

const simple: readonly (readonly [what: string, text: string, value: unknown])[] = [
  ['a mapping of lines', 'a: 1\nbC: wlc\n', { a: 1, bC: 'wlc' }],
  ['a last line without an end', 'a: 1', { a: 1 }],
  ['words that are no text', 'a: true\nb: false\n', { a: true, b: false }],
  ['words that only YAML 1.1 takes for something else', 'a: yes\nb: off\nc: n\n', { a: 'yes', b: 'off', c: 'n' }],
  ['addresses', 'a: 10.0.0.1\nb: "2001:db8::1"\n', { a: '10.0.0.1', b: '2001:db8::1' }],
  ['quoted text', 'a: "# : , } ~"\n', { a: '# : , } ~' }],
  ['lists of values', 'a:\n  - 1\n  - b\n', { a: [1, 'b'] }],
  ['lists that stand as far left as their name', 'a:\n- 1\n- 2\nb: 3\n', { a: [1, 2], b: 3 }],
  ['lists of mappings', 'a:\n  - b: 1\n    c: 2\n  - b: 3\n', { a: [{ b: 1, c: 2 }, { b: 3 }] }],
  ['mappings in mappings', 'a:\n    b:\n      c: 1\nd: 2\n', { a: { b: { c: 1 } }, d: 2 }],
  ['mappings on a line', 'a: { b: 1, c: wlc }\n', { a: { b: 1, c: 'wlc' } }],
  ['mappings on a line in mappings on a line', 'a: { b: { c: 1 }, d: [] }\n', { a: { b: { c: 1 }, d: [] } }],
  ['lists on a line', 'a: [b, 1, [c], {}]\n', { a: ['b', 1, ['c'], {}] }],
  ['other blanks than export leaves', 'a:   {b: 1,c: 2 , d:  [ e,f ]}   \n', { a: { b: 1, c: 2, d: ['e', 'f'] } }],
  [
    'names that every object has',
    'constructor: 1\ntoString: { valueOf: 2 }\n',
    { constructor: 1, toString: { valueOf: 2 } },
  ],
  [
    'remarks and empty lines',
    '# ünder ✓ control\n\na: # it\n    # has\n\n  - b: 1 # and\n   \n# so\n    c: 2\n#\n',
    { a: [{ b: 1, c: 2 }] },
  ],
];

test('what needs no thought is read, as the reader of all YAML reads it', async (t) => {
  for (const [what, text, value] of simple) {
    await t.test(what, () => {
      assert.deepEqual(readPlainYaml(text), value);
      assert.deepEqual(yamlValue(text), value);
    });
  }
});

const taken: readonly (readonly [what: string, text: string, items: readonly unknown[] | undefined])[] = [
  ['the items of its list', 'b: 1\na:\n  - b: 1\n    c: 2\n  - { b: 3 }\nc: 2\n', [{ b: 1, c: 2 }, { b: 3 }]],
  ['items on the line of their name', 'a: [{ b: 1 }, c]\n', [{ b: 1 }, 'c']],
  ['nothing of an empty list', 'a: []\n', []],
  ['nothing of another list', 'b:\n  - 1\n', []],
  ['nothing of a list of its name that is not at the top', 'b:\n  a:\n    - 1\nc:\n  - a: [1]\n', []],
  ['nothing of a value that is no list', 'a: { b: 1 }\n', []],
  ['items up to one that it does not want', 'a:\n  - b: 1\n  - stop\n  - b: 2\n', undefined],
  ['items on a line up to one that it does not want', 'a: [1, stop, 2]\n', undefined],
];

test('whoever takes the items of a list is given', async (t) => {
  for (const [what, text, items] of taken) {
    await t.test(what, () => {
      const given: unknown[] = [];
      const value = readPlainYaml(text, {
        list: 'a',
        take: (item) => (item === 'stop' ? undefined : `item ${given.push(item)}`),
      });
      if (items === undefined) {
        assert.equal(value, undefined);
        return;
      }
      assert.deepEqual(given, items);
      const whole = readPlainYaml(text) as Record<string, unknown>;
      const inPlace = items.map((_, index) => `item ${index + 1}`);
      assert.deepEqual(value, Array.isArray(whole['a']) ? { ...whole, a: inPlace } : whole);
    });
  }
});

const unsure: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['remarks alone', '# a\n'],
  ['a scalar', 'a\n'],
  ['null, in every way', 'a: null\n'],
  ['a name without a value', 'a:\nb: 1\n'],
  ['a name without a value at the end', 'a: 1\nb:'],
  ['a name twice', 'a: 1\na: 2\n'],
  ['a name twice on a line', 'a: { b: 1, b: 2 }\n'],
  ['a member without a value', 'a: { b, c: 1 }\n'],
  ['a comma at the end', 'a: { b: 1, }\n'],
  ['a list with a comma at the end', 'a: [1, ]\n'],
  ['brackets that do not close', 'a: { b: 1\n'],
  ['brackets that close something else', 'a: [1}\n'],
  ['brackets over lines', 'a: { b: 1,\n  c: 2 }\n'],
  ['something after a bracket', 'a: { b: 1 } c\n'],
  ['a remark without a blank before it', 'a: { b: 1 }# c\n'],
  ['text over lines', 'a: b\n  c\n'],
  ['text over lines, in a list', 'a:\n  - b\n    c\n'],
  ['text of several words', 'a: b c\n'],
  ['text with a colon', 'a: b: c\n'],
  ['escapes', 'a: "\\u0041"\n'],
  ['single quotes', "a: 'b'\n"],
  ['letters beyond ASCII', 'a: "é"\n'],
  ['numbers in other bases', 'a: 0x10\n'],
  ['numbers with zeros before', 'a: 007\n'],
  ['numbers below zero', 'a: -1\n'],
  ['fractions', 'a: 1.5\n'],
  ['large numbers', 'a: 12345678901\n'],
  ['a word that starts with a number', 'a: 80-90\n'],
  ['names in quotes', '"a": 1\n'],
  ['names with other signs', '__proto__: 1\n'],
  ['anchors', 'a: &b 1\n'],
  ['aliases', 'a: *b\n'],
  ['tags', 'a: !!str 1\n'],
  ['merge keys', '<<: { a: 1 }\n'],
  ['a document mark', '---\na: 1\n'],
  ['two documents', 'a: 1\n---\nb: 1\n'],
  ['a directive', '%YAML 1.2\n---\na: 1\n'],
  ['text in blocks', 'a: |\n  b\n'],
  ['complex names', '? a\n: 1\n'],
  ['tabs', 'a:\t1\n'],
  ['tabs before a name', 'a:\n\tb: 1\n'],
  ['carriage returns', 'a: 1\r\nb: 2\r\n'],
  ['a control character in a remark', 'a: 1 # \u0007\n'],
  ['a line that is further left than its neighbours', '  a: 1\n b: 2\n'],
  ['a line that is further right than its neighbours', 'a: 1\n  b: 2\n'],
  ['a list where a name should be', 'a: 1\n- b\n'],
  ['a name where an item should be', 'a:\n  - 1\n  b: 2\n'],
  ['a list in a list', '- - 1\n'],
  ['much nesting on a line', `a: ${'['.repeat(100)}${']'.repeat(100)}\n`],
  ['much nesting', Array.from({ length: 100 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
];

test('what needs a thought is left to the reader of all YAML', async (t) => {
  for (const [what, text] of unsure) {
    await t.test(what, () => {
      assert.equal(readPlainYaml(text), undefined);
    });
  }
});

test('what export writes is read as the reader of all YAML reads it', () => {
  const schedulers = ['rr', 'wlc', 'a:b', '#', '0x10', 'true', 'null'];
  const parts = { schedulers, engines: ['sip', '~'], interfaces: ['eth0', 'no', 'a"b'], unsayable: true };
  fc.assert(
    fc.property(table(parts), (any) => {
      const text = formatTable(any, 'yaml', 'table');
      const value = readPlainYaml(text);
      // Only what needs an escape is too much.
      if (!text.includes('\\')) assert.notEqual(value, undefined, text);
      if (value !== undefined) assert.deepEqual(value, yamlValue(text), text);
    }),
    { numRuns: 300 },
  );
});

type Value = string | number | boolean | Holder;
type Holder = readonly Value[] | Members;
interface Members {
  readonly [name: string]: Value;
}

const { value: anyValue } = fc.letrec<{ value: Value; entries: Members; items: Value[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      fc.constantFrom<Value>(
        'x',
        'wlc',
        'yes',
        '10.0.0.1',
        '2001:db8::1',
        '# , }',
        '',
        '1',
        'true',
        true,
        false,
        0,
        80,
      ),
      fc.nat(4294967295),
    ),
    tie('entries'),
    tie('items'),
  ),
  entries: fc.dictionary(fc.constantFrom('a', 'b', 'weight', 'lowerThreshold'), tie('value'), {
    noNullPrototype: true,
  }),
  items: fc.array(tie('value'), { maxLength: 3 }),
}));

/** A document, and numbers that decide how it is written. */
const written = fc.tuple(
  fc.dictionary(fc.constantFrom('services', 'timeouts', 'a'), anyValue, { minKeys: 1, noNullPrototype: true }),
  fc.array(fc.nat(6), { minLength: 1, maxLength: 40 }),
);

/** Writes a value as people might. */
function yamlText(document: Members, choices: readonly number[]): string {
  let made = 0;
  const choose = (): number => choices[made++ % choices.length] ?? 0;
  const blanks = (): string => ' '.repeat(Math.max(0, choose() - 4));
  const lineEnd = (): string => ['\n', '\n', '\n', ' # it: {\n', '  \n', '\n\n  # - é\n'][choose()] ?? '\n';
  const flow = (value: Value): string => {
    if (typeof value !== 'object') {
      return typeof value === 'string' && !/^(x|wlc|yes|10[.0-9]+)$/.test(value)
        ? JSON.stringify(value)
        : String(value);
    }
    const parts = isList(value)
      ? value.map(flow)
      : Object.entries(value).map(([name, of]) => `${name}: ${blanks()}${flow(of)}`);
    const inside = `${blanks()}${parts.join(`,${parts.length === 0 ? '' : blanks()} `)}${blanks()}`;
    return isList(value) ? `[${inside}]` : `{${inside}}`;
  };
  const below = (value: Holder, indent: number): string => {
    const before = ' '.repeat(indent);
    if (isList(value)) {
      return value
        .map((item) => {
          const isOpen = !isList(item) && isFull(item) && choose() < 4;
          return `${before}- ${isOpen ? below(item, indent + 2).trimStart() : `${flow(item)}${lineEnd()}`}`;
        })
        .join('');
    }
    return Object.entries(value)
      .map(([name, of]) => {
        if (!isFull(of) || choose() === 6) return `${before}${name}: ${blanks()}${flow(of)}${lineEnd()}`;
        return `${before}${name}:${lineEnd()}${below(of, indent + (isList(of) ? choose() : 1 + choose()))}`;
      })
      .join('');
  };
  return below(document, 0);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value can be written on lines of its own. */
function isFull(value: Value): value is Holder {
  return typeof value === 'object' && Object.keys(value).length > 0;
}

test('what people write without thinking is read', () => {
  fc.assert(
    fc.property(written, ([document, choices]) => {
      const text = yamlText(document, choices);
      assert.deepEqual(readPlainYaml(text), document, text);
      assert.deepEqual(yamlValue(text), document, text);
    }),
    { numRuns: 2000 },
  );
});

const piece = fc.constantFrom(
  ...[
    'a: ',
    'b:',
    '- ',
    '-',
    '\n',
    '\n  ',
    '\n\n',
    ', ',
    ',',
    '{ ',
    '}',
    '[',
    ']',
    ': ',
    ':',
    ' # ',
    '#',
    ' ',
    '  ',
    '"',
    "'",
  ],
  ...[
    '1',
    '0',
    'x',
    '.',
    'null',
    'true',
    '~',
    '---\n',
    '...\n',
    '&a ',
    '*a',
    '!!str ',
    '|\n',
    '>',
    '? ',
    '<<: ',
    '%',
    '@',
  ],
  ...[
    '\t',
    '\r',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u0000',
    '\u001b',
    'é',
    '\\',
    '1e3',
    '0o7',
    '.inf',
    '_',
    '=',
    '`',
    '',
    'x y',
  ],
);

test('whatever it reads is what the reader of all YAML reads, without a fault', () => {
  const edits = fc.array(fc.tuple(fc.nat(), piece, fc.nat(3)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(written, edits, ([document, choices], changes) => {
      let text = yamlText(document, choices);
      for (const [place, inserted, removed] of changes) {
        const at = place % (text.length + 1);
        text = `${text.slice(0, at)}${inserted}${text.slice(at + removed)}`;
      }
      const value = readPlainYaml(text);
      if (value !== undefined) assert.deepEqual(value, yamlValue(text), JSON.stringify(text));
    }),
    { numRuns: 20_000 },
  );
});
