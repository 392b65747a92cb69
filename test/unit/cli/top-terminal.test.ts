import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, describe, test } from 'node:test';
import { topFrame, type TopState } from '../../../src/cli/top-frame.js';
import { runTopScreen } from '../../../src/cli/top-screen.js';
import { runProgram } from '../../../src/edge/program.js';
import type { Io } from '../../../src/ports/io.js';
import { connectionTableText } from '../support/connection-lines.js';
import { sampleClient } from '../support/samples.js';
import { hasTmux, Tmux } from '../support/tmux.js';
import { firstState, readingAfter } from '../support/top-state.js';

// `top` on a real terminal, which tmux gives: this file is run in it as the program, by the environment.

/** Samples that are taken; then time stands still, so that the screen can be compared. */
const samples = 5;

async function program(_: readonly string[], real: Io): Promise<number> {
  let now = 0;
  const machine: Io['machine'] = {
    ...real.machine,
    clock: {
      now: () => now,
      sleep: async (milliseconds, signal) => {
        const isLast = now >= (samples - 1) * 2000;
        await sleep(isLast ? 3_600_000 : 5, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
        if (signal?.aborted !== true) now += milliseconds;
      },
    },
    readFile: () => [Buffer.from(connectionTableText(['TCP 203.0.113.7:1 192.0.2.10:80 10.0.1.2:80 ESTABLISHED 9']))],
  };
  const client = sampleClient(() => now);
  const fails = real.env['TOP_PROGRAM'] === 'fails';
  const drained = async (target: { readonly address: string }): Promise<string> => {
    if (fails) throw new Error('the fault of a test');
    return Promise.resolve(`drained ${target.address}`);
  };
  const status = await runTopScreen({
    io: Object.create(real, { machine: { value: machine } }) as Io,
    client,
    state: { ...firstState, changes: true },
    actions: { drain: drained, undrain: drained, setWeight: drained },
  });
  return status ?? 99;
}

if (process.env['TOP_PROGRAM'] !== undefined) await runProgram(program);

/** What the screen has to show. */
function expected(columns: number, rows: number, change: Partial<TopState> = {}): string {
  const lines = topFrame({ reading: settledReading }, { ...firstState, changes: true, ...change }, { columns, rows });
  return lines
    .map(({ text }) => text.trimEnd())
    .join('\n')
    .trimEnd();
}

const settled = '████';
const settledReading = await readingAfter(samples);

describe('top on a terminal', { skip: hasTmux ? false : 'there is no tmux' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ipvsadm-top-'));
  const open: Tmux[] = [];
  after(() => {
    for (const terminal of open) terminal.close();
    rmSync(directory, { recursive: true });
  });

  const command = `${process.execPath} --enable-source-maps ${import.meta.filename}`;

  /** A shell that starts the program; before and after it, the settings of the terminal go to a file. */
  async function start(columns: number, rows: number, mode = 'works'): Promise<Tmux> {
    const terminal = new Tmux(columns, rows, { TOP_PROGRAM: mode, NO_COLOR: '1' });
    open.push(terminal);
    await terminal.shows(/[#$]/);
    terminal.type(
      `cd ${directory}; stty -g >before; echo mark; ${command}; echo "status $?"; stty -g >after; echo done`,
    );
    await terminal.shows(settled);
    return terminal;
  }

  /** Waits for the shell, whose screen and settings have to be those from before. */
  async function ended(terminal: Tmux, status: number): Promise<string> {
    const screen = await terminal.shows(/^done$/m);
    assert.match(screen, /^mark$/m);
    assert.match(screen, new RegExp(`^status ${status}$`, 'm'));
    assert.doesNotMatch(screen, /SERVICE/);
    assert.equal(readFileSync(join(directory, 'after'), 'utf8'), readFileSync(join(directory, 'before'), 'utf8'));
    return screen;
  }

  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
  ] as const) {
    test(`shows the frame at ${columns}x${rows}, and q leaves all as it was`, async () => {
      const terminal = await start(columns, rows);
      assert.equal(terminal.screen(), expected(columns, rows));
      terminal.press('q');
      await ended(terminal, 0);
    });
  }

  test('follows the size of the terminal, and keys', async () => {
    const terminal = await start(80, 24);
    terminal.resize(120, 30);
    await terminal.shows('LAST 60 s');
    assert.equal(terminal.screen(), expected(120, 30));
    terminal.press('Down');
    terminal.press('Enter');
    await terminal.shows('+ TCP');
    terminal.press('Enter', 'Tab');
    await terminal.shows('HOST');
    assert.equal(terminal.screen(), expected(120, 30, { view: 'hosts' }));
    terminal.press('3');
    await terminal.shows(/^203\.0\.113\.7 +1 100\.0%/m);
    terminal.press('1', '/');
    await terminal.shows('filter: _');
    terminal.press('u', 'd', 'p', 'Enter');
    await terminal.shows(/filter: udp$/m);
    terminal.press('Escape');
    await terminal.shows('TCP');
    terminal.press('F1');
    await terminal.shows('invert the order');
    terminal.press('C-c');
    await ended(terminal, 0);
  });

  test('asks before it changes anything, and shows what was done', async () => {
    const terminal = await start(100, 24);
    terminal.press('Down', 'D');
    await terminal.shows('drain tcp:192.0.2.10:80/10.0.1.2:8080, as by');
    terminal.press('y');
    await terminal.shows('drained 10.0.1.2');
    terminal.press('q');
    await ended(terminal, 0);
  });

  for (const [signal, status] of [
    ['SIGINT', 0],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`${signal} leaves all as it was`, async () => {
      const terminal = await start(80, 24);
      terminal.signal(signal);
      await ended(terminal, status);
    });
  }

  test('a fault of the program leaves all as it was', async () => {
    const terminal = await start(100, 24, 'fails');
    terminal.press('Down', 'D', 'y');
    const screen = await ended(terminal, 70);
    // The program's path may be long: the line is broken somewhere.
    assert.match(screen.replaceAll('\n', ''), /internal error: the fault of a test/);
  });

  test('Ctrl-Z gives the terminal back, and fg draws it again', async () => {
    const terminal = new Tmux(80, 24, { TOP_PROGRAM: 'works', NO_COLOR: '1' }, 'bash --norc -i');
    open.push(terminal);
    terminal.type(`echo mark; ${command}; echo "status $?"`);
    await terminal.shows(settled);
    terminal.press('C-z');
    assert.doesNotMatch(await terminal.shows(/Stopped/), /SERVICE/);
    terminal.type('stty -a');
    await terminal.shows(/ icanon .* echo |icanon/);
    assert.doesNotMatch(terminal.screen(), /-icanon|-echo /);
    terminal.type('fg');
    await terminal.shows(settled);
    assert.equal(terminal.screen(), expected(80, 24));
    terminal.press('q');
    await terminal.shows(/mark/);
    assert.doesNotMatch(terminal.screen(), /SERVICE/);
  });
});
