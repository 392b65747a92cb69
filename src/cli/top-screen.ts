import { constants } from 'node:os';
import { IpvsError } from '../errors.js';
import type { Io } from '../ports/io.js';
import type { Key, Terminal, TerminalSignal } from '../ports/terminal.js';
import { Meter, readSample, type SampleClient } from '../table/samples.js';
import { textColumns } from '../text/columns.js';
import { readClients } from './top-clients.js';
import { bodyLines, topFrame, type FrameLine, type LineLook } from './top-frame.js';
import { press, type Effect, type ScreenState, type TopActions } from './top-keys.js';
import { topRows, type TopData } from './top-rows.js';
import { wantsColour } from './wants-colour.js';

/** Looks as parameters of ECMA-48's SGR: without colours, and what colours add. */
const looks: Readonly<Record<LineLook, readonly [plain: string, colour: string]>> = {
  head: ['1', '1'],
  titles: ['1;4', '1;4'],
  selected: ['7', '7'],
  service: ['', '36'],
  quiesced: ['', '33'],
  full: ['', '31'],
  message: ['', '32'],
  keys: ['', '2'],
};

function drawLine({ text, look }: FrameLine, columns: number, colour: boolean): string {
  const sgr = look === undefined ? '' : looks[look][colour ? 1 : 0];
  // EL clears what is left of the line. After the last column the cursor stands on it, and EL would clear that one.
  const rest = look === 'selected' || textColumns(text) >= columns ? '' : '\u001b[K';
  // The bar of the selected row goes across the screen.
  const full = look === 'selected' ? text + ' '.repeat(Math.max(0, columns - textColumns(text))) : text;
  return `${sgr === '' ? full : `\u001b[${sgr}m${full}\u001b[0m`}${rest}`;
}

/** Draws frames: only lines that are not there already, in one write. */
class Painter {
  readonly #terminal: Terminal;
  readonly #colour: boolean;
  #shown: readonly string[] = [];
  #isClear = false;

  constructor(terminal: Terminal, colour: boolean) {
    this.#terminal = terminal;
    this.#colour = colour;
  }

  /** The screen may show anything: it is cleared before the next frame. */
  forget(): void {
    this.#isClear = false;
    this.#shown = [];
  }

  async draw(frame: readonly FrameLine[]): Promise<void> {
    const lines = frame.map((line) => drawLine(line, this.#terminal.columns, this.#colour));
    let text = this.#isClear ? '' : '\u001b[2J';
    for (const [index, line] of lines.entries()) {
      // CUP puts the cursor to the start of the line.
      if (this.#shown[index] !== line) text += `\u001b[${index + 1};1H${line}`;
    }
    this.#shown = lines;
    this.#isClear = true;
    if (text !== '') await this.#terminal.write(text);
  }
}

/** What happened on the terminal. */
type Happened = { readonly key: Key } | { readonly signal: TerminalSignal } | 'redraw';

/** Reading may take this part of the time. */
const busiestShare = 0.1;

/** Milliseconds between two readings of the connection table. */
const clientInterval = 5000;

/** What the screen is run with. */
export interface ScreenOptions {
  readonly io: Io;
  readonly client: SampleClient;
  readonly state: ScreenState;
  /** Changes, where they are allowed. */
  readonly actions: TopActions | undefined;
}

/**
 * Shows the table on the terminal until somebody quits.
 * @returns the exit status; undefined where there is no terminal.
 */
export async function runTopScreen({ io, client, state: first, actions }: ScreenOptions): Promise<number | undefined> {
  const { clock } = io.machine;
  const events: Happened[] = [];
  let wake = new AbortController();
  const happened = (event: Happened): void => {
    events.push(event);
    wake.abort();
  };
  const terminal = await io.machine.openTerminal({
    onKey: (key) => {
      happened({ key });
    },
    onRedraw: () => {
      happened('redraw');
    },
    onSignal: (signal) => {
      happened({ signal });
    },
  });
  if (terminal === undefined) return undefined;
  const painter = new Painter(terminal, wantsColour(io));
  const meter = new Meter();
  let state = first;
  let data: TopData | undefined;
  let nextSample = -Infinity;
  let nextClients = -Infinity;

  const read = async (): Promise<void> => {
    if (clock.now() >= nextSample) {
      const sample = await readSample(client, clock);
      data = { ...data, reading: await meter.add(sample) };
      const interval = Math.max(first.interval * 1000, sample.cost / busiestShare);
      state = { ...state, interval: interval / 1000 };
      nextSample = sample.at + interval;
    }
    if (data !== undefined && state.view === 'clients' && clock.now() >= nextClients) {
      data = { ...data, ...(await readClients(io)) };
      nextClients = clock.now() + Math.max(clientInterval, state.interval * 1000);
    }
  };

  const carryOut = async (effect: Exclude<Effect, 'quit' | 'suspend'>): Promise<void> => {
    const { action, target, weight } = effect;
    try {
      const done = await actions?.[action](target, weight);
      state = { ...state, message: done ?? '' };
      // What was changed is shown at once.
      nextSample = -Infinity;
    } catch (error) {
      if (!(error instanceof IpvsError)) throw error;
      state = { ...state, message: `${action}: ${error.message}` };
    }
  };

  /** @returns the exit status, once the end is asked for. */
  const handle = async (event: Happened): Promise<number | undefined> => {
    if (event === 'redraw') {
      painter.forget();
      return undefined;
    }
    if ('signal' in event) return event.signal === 'SIGINT' ? 0 : 128 + constants.signals[event.signal];
    const rows = data === undefined ? [] : topRows(data, state);
    const { state: next, effect } = press(state, event.key, { rows, page: bodyLines(terminal.rows) });
    state = next;
    if (effect === 'quit') return 0;
    if (effect === 'suspend') terminal.suspend();
    else if (effect !== undefined) await carryOut(effect);
    return undefined;
  };

  try {
    for (;;) {
      for (let event = events.shift(); event !== undefined; event = events.shift()) {
        const status = await handle(event);
        if (status !== undefined) return status;
      }
      if (!state.paused || data === undefined) await read();
      if (data !== undefined) await painter.draw(topFrame(data, state, terminal));
      if (events.length > 0) continue;
      wake = new AbortController();
      const wait = state.paused
        ? longestWait
        : Math.min(nextSample, state.view === 'clients' ? nextClients : Infinity) - clock.now();
      await clock.sleep(Math.max(0, wait), wake.signal);
    }
  } finally {
    terminal.close();
  }
}

/** Milliseconds that a paused screen sleeps: until a key comes. */
const longestWait = 3_600_000;
