import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { chart, numberText } from '../../../src/cli/top-columns.js';
import { shortNumber } from '../../../src/format/short-number.js';
import { plainTable, topFrame, type TopState } from '../../../src/cli/top-frame.js';
import { press, type Effect, type ScreenState } from '../../../src/cli/top-keys.js';
import { topRows, type TopData } from '../../../src/cli/top-rows.js';
import { topViews } from '../../../src/cli/top-views.js';
import { textColumns } from '../../../src/text/columns.js';
import { firstState, readingAfter } from '../support/top-state.js';

const counts = (connections: number, persistentConnections = 0) => ({
  connections,
  activeConnections: connections,
  inactiveConnections: 0,
  persistentConnections,
});
const data: TopData = {
  reading: await readingAfter(5),
  clients: [
    { client: '203.0.113.7', ...counts(30, 1) },
    { client: '2001:db8::7', ...counts(10) },
  ],
  totals: counts(50, 1),
};

function frame(change: Partial<TopState>, columns: number, rows: number): string {
  return topFrame(data, { ...firstState, ...change }, { columns, rows })
    .map(({ text }) => text)
    .join('\n');
}

/** The frame, without the empty lines between rows and keys. */
function dense(change: Partial<TopState>, columns: number, rows = 24): string {
  return frame(change, columns, rows).replace(/\n{2,}/g, '\n');
}

describe('the screen of top', () => {
  test('at 80x24', () => {
    assert.equal(frame({}, 80, 24).split('\n').length, 24);
    assert.equal(
      dense({}, 80),
      `every 2 s  3 services, 4 servers (1 of weight 0)  active 6.1k inactive 8.4k
new/s 407  in 13 MB/s 12k p/s  out 170 MB/s 17k p/s  ████
SERVICE / SERVER           WEIGHT NEW/WEIGHT     ACTIVE   INACT vNEW/s  IN B/s
- TCP 192.0.2.10:80 wlc       200                  6.1k    8.4k    406     13M
    10.0.1.2:8080             100    75%/50% ~     2.0k    6.8k    306    9.8M
    10.0.1.4:8080             100    25%/50% !~    4.0k    1.2k    100    3.0M
    10.0.1.3:8080               0      0%/0% 0       41     380      0    4.1k
- UDP [2001:db8::10]:53 rr      1                     0      12    0.5      80
    [2001:db8:1::2]:53          1  100%/100%          0      12    0.5      80
- FWM 7 sh persistent 300       0                     0       0      0       0
q quit  h help  Tab view  / filter  <> sort  Z pause  X exact  b bits`,
    );
  });

  test('at 200x60 with everything, exact and in bits', () => {
    assert.equal(frame({}, 200, 60).split('\n').length, 60);
    assert.equal(
      dense({ exact: true, bits: true, unicode: false, view: 'hosts' }, 200, 60),
      `every 2 s  3 services, 4 servers (1 of weight 0)  active 6051 inactive 8392
new/s 406.5  in 102433440 b/s 12113 p/s  out 1360072000 b/s 17210 p/s  @@@@
HOST                 IN USE     ACTIVE   INACT   BOUND vNEW/s  IN p/s OUT p/s   IN b/s    OUT b/s LAST 60 s
10.0.1.2                1/1       2010    6800       0    306    9100   13000 78400000 1040000000      @@@@
10.0.1.4                1/1 !     4000    1200       3    100    3000    4200 24000000  320000000      ----
2001:db8:1::2           1/1          0      12       0    0.5       1       -      640          -      ____
10.0.1.3                0/1 0       41     380       0      0      12      10    32800      72000      ____
q quit  h help  Tab view  / filter  <> sort  Z pause  X exact  b bits`,
    );
  });

  test('at 120 columns, as docs/top.md shows it', () => {
    const [, shown = ''] = /^```text\n([^]*?)^```$/m.exec(readFileSync('docs/top.md', 'utf8')) ?? [];
    assert.equal(shown, dense({}, 120).replace(/^q quit.*$/m, ''));
  });

  test('of clients', () => {
    assert.equal(
      dense({ view: 'clients', sort: 'count' }, 80),
      `every 2 s  3 services, 4 servers (1 of weight 0)  active 6.1k inactive 8.4k
new/s 407  in 13 MB/s 12k p/s  out 170 MB/s 17k p/s  ████
CLIENT                vCONNS  SHARE  ACTIVE   INACT   BOUND
203.0.113.7               30  60.0%      30       0       1
2001:db8::7               10  20.0%      10       0       0
q quit  h help  Tab view  / filter  <> sort  Z pause  X exact  b bits`,
    );
  });

  test('is never wider or higher than the terminal, and has no control characters', () => {
    for (const view of topViews) {
      for (const help of [false, true]) {
        for (const [columns, rows] of [
          [1, 1],
          [10, 3],
          [33, 5],
          [80, 24],
          [500, 200],
        ] as const) {
          const lines = topFrame(
            data,
            { ...firstState, view, help, message: 'what?\u001b[2J', filter: view === 'clients' ? '' : '10|2001\u009b' },
            { columns, rows },
          );
          assert.equal(lines.length, rows);
          for (const { text } of lines) {
            assert.ok(textColumns(text) <= columns, `${text} in ${columns}`);
            assert.doesNotMatch(text, /\p{Cc}/u);
          }
        }
      }
    }
  });

  test('keeps the selected row on the screen', () => {
    for (const { id, name } of topRows(data, firstState)) {
      const selected = topFrame(data, { ...firstState, selected: id }, { columns: 120, rows: 8 }).find(
        ({ look }) => look === 'selected',
      );
      assert.ok(selected?.text.includes(name), id);
    }
  });

  test('says what is not there', () => {
    assert.match(dense({ filter: 'nosuch' }, 80), /^nothing has the text of the filter$/m);
    const empty = topFrame({ reading: { ...data.reading, services: [] } }, firstState, { columns: 80, rows: 24 });
    assert.ok(empty.some(({ text }) => text === 'No virtual services.'));
  });

  test('as a plain table has every row and column', () => {
    const lines = plainTable(data, firstState).split('\n');
    assert.equal(lines.length, 3 + 7 + 1);
    assert.match(lines[2] ?? '', /FWD WEIGHT .* OUT B\/s LAST 60 s$/);
  });
});

describe('rows of top', () => {
  const order: readonly (readonly [change: Partial<ScreenState>, names: string])[] = [
    [{}, 'TCP 10.0.1.2:8080 10.0.1.4:8080 10.0.1.3:8080 UDP [2001:db8:1::2]:53 FWM'],
    [{ sort: 'active' }, 'TCP 10.0.1.4:8080 10.0.1.2:8080 10.0.1.3:8080 UDP [2001:db8:1::2]:53 FWM'],
    [{ inverted: true }, 'FWM UDP [2001:db8:1::2]:53 TCP 10.0.1.3:8080 10.0.1.4:8080 10.0.1.2:8080'],
    [{ sort: 'name' }, 'TCP 10.0.1.2:8080 10.0.1.3:8080 10.0.1.4:8080 UDP [2001:db8:1::2]:53 FWM'],
    [{ sort: 'name', inverted: true }, 'FWM UDP [2001:db8:1::2]:53 TCP 10.0.1.4:8080 10.0.1.3:8080 10.0.1.2:8080'],
    [{ filter: '10.0.1.4' }, 'TCP 10.0.1.4:8080'],
    [{ filter: 'QUIESCED|udp:' }, 'TCP 10.0.1.3:8080 UDP [2001:db8:1::2]:53'],
    [{ folded: new Set(['tcp:192.0.2.10:80']) }, 'TCP UDP [2001:db8:1::2]:53 FWM'],
    [{ view: 'hosts', sort: 'inactive' }, '10.0.1.2 10.0.1.4 10.0.1.3 2001:db8:1::2'],
    [{ view: 'clients', sort: 'count', inverted: true }, '2001:db8::7 203.0.113.7'],
  ];
  for (const [change, names] of order) {
    test(`for ${JSON.stringify({ ...change, folded: change.folded?.size })}`, () => {
      const rows = topRows(data, { ...firstState, ...change });
      assert.equal(rows.map(({ name }) => name.split(' ')[0]).join(' '), names);
    });
  }
});

describe('keys of top', () => {
  /** Presses keys one after the other. */
  function pressed(keys: string, change: Partial<ScreenState> = {}): { state: ScreenState; effects: Effect[] } {
    let state: ScreenState = { ...firstState, ...change };
    const effects: Effect[] = [];
    for (const key of keys.split(' ')) {
      const result = press(state, key, { rows: topRows(data, state), page: 3 });
      state = result.state;
      if (result.effect !== undefined) effects.push(result.effect);
    }
    return { state, effects };
  }

  const shown: readonly (readonly [keys: string, change: Partial<ScreenState>])[] = [
    ['tab', { view: 'hosts' }],
    ['3', { view: 'clients', sort: 'count' }],
    ['3 1', { view: 'services', sort: 'connections' }],
    ['<', { sort: 'inactive' }],
    ['> f6', { sort: 'outgoingPackets' }],
    ['I', { inverted: true }],
    ['X b Z', { exact: true, bits: true, paused: true }],
    ['Z space', { paused: false }],
    ['h', { help: true }],
    ['f1 escape', { help: false }],
    ['down down', { selected: 'tcp:192.0.2.10:80/10.0.1.4:8080' }],
    ['end', { selected: 'fwmark:7' }],
    ['end pageup', { selected: 'tcp:192.0.2.10:80/10.0.1.3:8080' }],
    ['pagedown home up', { selected: 'tcp:192.0.2.10:80' }],
    ['down enter', { folded: new Set(['tcp:192.0.2.10:80']), selected: 'tcp:192.0.2.10:80' }],
    ['enter enter', { folded: new Set() }],
    ['- - +', { folded: new Set() }],
    ['*', { folded: new Set(['tcp:192.0.2.10:80', 'udp:[2001:db8::10]:53', 'fwmark:7']) }],
    ['* *', { folded: new Set() }],
    ['/ 1 0 . 0', { filter: '10.0', message: 'filter: 10.0_' }],
    ['/ q backspace w enter', { filter: 'w', message: '', prompt: undefined }],
    ['/ x escape', { filter: '', prompt: undefined }],
    ['/ x enter escape', { filter: '' }],
    ['down D', { message: 'read-only: start with --allow-changes to change something' }],
    ['nosuch', {}],
  ];
  for (const [keys, change] of shown) {
    test(`${keys} shows that`, () => {
      const { state } = pressed(keys);
      for (const name of Object.keys(change) as (keyof ScreenState)[])
        assert.deepEqual(state[name], change[name], name);
    });
  }

  const service = { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 80 } as const;
  const target = { service, family: 'inet', address: '10.0.1.2', port: 8080 } as const;
  const host = { service: undefined, family: 'inet', address: '10.0.1.2', port: undefined } as const;
  const effects: readonly (readonly [keys: string, effects: readonly Effect[]])[] = [
    ['q', ['quit']],
    ['/ q', []],
    ['/ ctrl-c', ['quit']],
    ['f10', ['quit']],
    ['ctrl-z', ['suspend']],
    ['D y', []],
    ['down D n', []],
    ['down D y', [{ action: 'drain', target, weight: 0 }]],
    ['down U Y', [{ action: 'undrain', target, weight: 0 }]],
    ['tab D y', [{ action: 'drain', target: host, weight: 0 }]],
    ['tab W 5 enter y', []],
    ['down W 5 0 enter y', [{ action: 'setWeight', target, weight: 50 }]],
    ['down W 5 x enter y', []],
    ['down W escape 5 enter y', []],
  ];
  for (const [keys, expected] of effects) {
    test(`${keys} asks for ${JSON.stringify(expected.map((effect) => (typeof effect === 'string' ? effect : effect.action)))}`, () => {
      assert.deepEqual(pressed(keys, { changes: true }).effects, expected);
    });
  }

  test('a change is asked about, with the command that does the same', () => {
    assert.equal(
      pressed('down D', { changes: true }).state.message,
      'drain tcp:192.0.2.10:80/10.0.1.2:8080, as by: ipvsadm drain tcp:192.0.2.10:80/10.0.1.2:8080? y/n',
    );
    assert.equal(
      pressed('tab D', { changes: true }).state.message,
      'drain 10.0.1.2 in all services, as by: ipvsadm drain 10.0.1.2? y/n',
    );
  });
});

describe('numbers and charts of top', () => {
  const numbers: readonly (readonly [value: number, text: string])[] = [
    [0, '0'],
    [0.04, '0.0'],
    [0.5, '0.5'],
    [9.94, '9.9'],
    [9.96, '10'],
    [999.4, '999'],
    [999.6, '1.0k'],
    [1234, '1.2k'],
    [12_345, '12k'],
    [999_600, '1.0M'],
    [2 ** 64, '18E'],
  ];
  for (const [value, text] of numbers) {
    test(`${value} is ${text}`, () => {
      assert.equal(shortNumber(value), text);
    });
  }

  test('are exact or in bits on demand', () => {
    const style = { exact: true, bits: true, unicode: true };
    assert.equal(numberText(1234.5, 'bytes', style), '9876');
    assert.equal(numberText(0.25, 'rate', style), '0.3');
    assert.equal(numberText(undefined, 'rate', style), '-');
  });

  const charts: readonly (readonly [numbers: readonly number[], width: number, highest: number, text: string])[] = [
    [[], 5, 10, ''],
    [[0, 5, 10], 5, 10, '_=@'],
    [[0, 0], 5, 0, '__'],
    [[10, 10, 0, 0, 10, 10], 3, 10, '@_@'],
    [[10, 0, 0, 0, 0], 2, 10, '=_'],
    [[20], 5, 10, '@'],
  ];
  for (const [numbersShown, width, highest, text] of charts) {
    test(`${JSON.stringify(numbersShown)} in ${width} columns`, () => {
      assert.equal(chart(numbersShown, width, highest, false), text);
    });
  }
});
