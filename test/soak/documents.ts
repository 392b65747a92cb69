import assert from 'node:assert/strict';
import { DocumentError, type Table } from '../../src/index.js';
import { formatTable, parseTable } from '../../src/index.js';
import { NameTable } from '../unit/support/naming.js';
import { inOrder } from '../unit/support/tables.js';
import { assertPrintable, assertProperError, type Kind } from './kind.js';
import { mutateBytes, mutateText } from './mutate.js';
import { goodTexts } from './tables.js';

const names = new NameTable({ web: '10.0.0.2' }, { 'http/tcp': 80 });

/** YAML that no writer here makes. */
const strange = [
  'services: &all\n  - tcp: "192.0.2.1:80"\n    servers: [{address: 10.0.0.2, port: 80}]\nsyncDaemons: *all\n',
  '# comment\n---\nservices: []\n...\n',
  '{"services": [{"protocol": "tcp", "address": "192.0.2.1", "port": 80, "servers": []}], "services": []}',
  'services:\n- protocol: tcp\n  address: !!str 192.0.2.1\n  port: 0x50\n  scheduler: >-\n    wlc\n',
] as const;

const texts: readonly string[] = [...goodTexts, ...strange];

async function read(input: string | Uint8Array): Promise<Table | undefined> {
  try {
    return await parseTable(input, 'file', { names });
  } catch (error) {
    assertProperError(error);
    assert.ok(error instanceof DocumentError, String(error));
    assertPrintable(error.message);
    return undefined;
  }
}

/** Documents and dumps: good ones, good ones with something changed, and noise. */
export const documentsKind: Kind = {
  name: 'documents',
  cases: 100_000,
  generate(random) {
    const good = random.pick(texts);
    switch (random.below(12)) {
      case 0:
        return random.bytes(random.below(300));
      case 1:
        return Buffer.from(
          Array.from({ length: random.below(300) }, () => String.fromCharCode(32 + random.below(95))).join(''),
        );
      case 2:
        return mutateBytes(Buffer.from(good), random);
      case 3:
        return Buffer.from(good);
      default:
        return Buffer.from(mutateText(good, random, texts));
    }
  },
  async run(input) {
    const table = await read(input);
    if (table === undefined) return;
    // What was read can be written, in its natural order, and is the same when it is read again.
    for (const format of ['yaml', 'json'] as const) {
      const again = await read(formatTable(table, format, 'table'));
      assert.deepEqual(again && inOrder(again), inOrder(table), format);
    }
  },
};
