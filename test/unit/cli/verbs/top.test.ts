import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readWords } from '../../../../src/cli/read-words.js';
import { topVerb } from '../../../../src/cli/top.js';
import { topColumns } from '../../../../src/cli/top-columns.js';
import { sortColumns, topViews } from '../../../../src/cli/top-views.js';
import { realServer, serviceAt, virtualService } from '../../../../src/model/build.js';
import type { TerminalEvents } from '../../../../src/ports/terminal.js';
import { FakeKernel } from '../../../../src/testing/fake-kernel.js';
import { main } from '../../../main.js';
import { connectionTableText } from '../../support/connection-lines.js';
import { FakeIo, pieces } from '../../support/fake-io.js';

const services = [
  {
    service: virtualService(serviceAt('192.0.2.10', 80)),
    servers: [
      realServer({ address: '10.0.1.2', port: 8080 }),
      realServer({ address: '10.0.1.3', port: 8080, weight: 0 }),
    ],
  },
];

const connections = connectionTableText(['TCP 203.0.113.7:1 192.0.2.10:80 10.0.1.2:8080 ESTABLISHED 9']);

function fakeIo(): FakeIo {
  const readFile = (): AsyncGenerator<Uint8Array> => pieces([Buffer.from(connections)]);
  return new FakeIo({ sockets: [new FakeKernel({ services })], machine: { readFile } });
}

async function run(line: string): Promise<FakeIo> {
  const io = fakeIo();
  const status = await main(['top', ...line.split(' ').filter((word) => word !== '')], io);
  assert.deepEqual({ status, stderr: io.stderr.text }, { status: 0, stderr: '' });
  assert.equal(io.signalListeners.size, 0);
  return io;
}

describe('top without a terminal', () => {
  test('writes one plain table, of two samples', async () => {
    const io = await run('');
    assert.equal(
      io.stdout.text,
      `every 2 s  1 service, 2 servers (1 of weight 0)  active 0 inactive 0
new/s 0  in 0 B/s 0 p/s  out 0 B/s 0 p/s  _
SERVICE / SERVER        FWD WEIGHT NEW/WEIGHT     ACTIVE   INACT vNEW/s  IN p/s OUT p/s  IN B/s OUT B/s LAST 60 s
- TCP 192.0.2.10:80 wlc          1                     0       0      0       0       -       0       -         _
    10.0.1.2:8080       dr       1     -/100%          0       0      0       0       -       0       -         _
    10.0.1.3:8080       dr       0       -/0% 0        0       0      0       0       -       0       -         _
`,
    );
    assert.equal(io.now, 2000);
  });

  test('writes as many as are asked for', async () => {
    const io = await run('-n 3 -d 5 --view hosts --filter quiesced');
    assert.equal(io.now, 15_000);
    assert.equal(io.stdout.text.match(/^10\.0\.1\.3 +0\/1 0/gm)?.length, 3);
    assert.doesNotMatch(io.stdout.text, /10\.0\.1\.2/);
  });

  test('writes a JSON object a line', async () => {
    const lines = (await run('--json -n 2 --view clients')).stdout.text.trimEnd().split('\n');
    assert.equal(lines.length, 2);
    const [first = ''] = lines;
    const none = {
      connectionRate: 0,
      incomingPacketRate: 0,
      outgoingPacketRate: 0,
      incomingByteRate: 0,
      outgoingByteRate: 0,
    };
    const idle = { activeConnections: 0, inactiveConnections: 0 };
    const server = { forwarding: 'direct-routing', ...idle, persistentConnections: 0, rates: none };
    assert.deepEqual(JSON.parse(first), {
      ...{ seconds: 2, rates: none, ...idle },
      services: [
        {
          ...{ name: 'tcp:192.0.2.10:80', protocol: 'tcp', address: '192.0.2.10', port: 80, family: 'inet' },
          ...{ scheduler: 'wlc', ...idle, rates: none },
          servers: [
            {
              ...{ name: 'tcp:192.0.2.10:80/10.0.1.2:8080', address: '10.0.1.2', port: 8080, family: 'inet' },
              ...{ ...server, weight: 1, weightShare: 1 },
            },
            {
              ...{ name: 'tcp:192.0.2.10:80/10.0.1.3:8080', address: '10.0.1.3', port: 8080, family: 'inet' },
              ...{ ...server, weight: 0, weightShare: 0 },
            },
          ],
        },
      ],
      connections: 1,
      clients: [
        {
          ...{ client: '203.0.113.7', connections: 1, activeConnections: 1 },
          ...{ inactiveConnections: 0, persistentConnections: 0 },
        },
      ],
    });
  });
});

describe('changes by keys of top', () => {
  /** A terminal that presses keys, the next one after each drawing. */
  async function pressed(keys: readonly string[], words: readonly string[]): Promise<string[]> {
    const done: string[] = [];
    const note = (action: string) => (target: { address: string }, weight?: number) => {
      done.push(`${action} ${target.address}${weight === undefined ? '' : ` ${weight}`}`);
      return Promise.resolve('done');
    };
    const verb = topVerb(() => ({
      // Whatever else is given is not meant for these.
      drain: (target) => note('drain')(target),
      undrain: (target) => note('undrain')(target),
      setWeight: note('setWeight'),
    }));
    const io = fakeIo();
    const left = [...keys];
    let closed = 0;
    io.machine.openTerminal = ({ onKey }: TerminalEvents) =>
      Promise.resolve({
        columns: 100,
        rows: 24,
        write: () => {
          onKey(left.shift() ?? 'q');
          return Promise.resolve();
        },
        suspend: () => undefined,
        close: () => {
          closed++;
        },
      });
    const values = readWords(verb, words);
    assert.ok(values !== 'help');
    assert.equal(await verb.run(io, values), 0);
    assert.equal(closed, 1);
    return done;
  }

  const cases: readonly (readonly [keys: string, done: readonly string[]])[] = [
    ['down D y', ['drain 10.0.1.2']],
    ['down D n', []],
    ['tab U y', ['undrain 10.0.1.2']],
    ['down W 7 enter y', ['setWeight 10.0.1.2 7']],
  ];
  for (const [keys, done] of cases) {
    test(`${keys}: ${done.join('') || 'nothing'}`, async () => {
      assert.deepEqual(await pressed(keys.split(' '), ['--allow-changes']), done);
      assert.deepEqual(await pressed(keys.split(' '), []), []);
    });
  }
});

test('every column that is sorted by has a word', () => {
  const words = topVerb().options['sort']?.choices ?? [];
  const columns = new Set(topViews.flatMap(sortColumns));
  assert.equal(words.length, columns.size);
  for (const column of columns) assert.ok(column in topColumns);
});
