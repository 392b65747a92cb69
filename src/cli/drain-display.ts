import { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';
import type { DrainProgress } from '../table/drain.js';
import { counted } from '../text/counted.js';
import type { Output } from '../ports/io.js';

/** Shows how a drain goes on. */
export interface DrainDisplay {
  show(progress: DrainProgress): Promise<void>;
  /** Ends it with a line for each server that is still busy. */
  finish(progress: DrainProgress | undefined): Promise<void>;
}

/** A bar where a person watches, lines for a log otherwise. */
export function drainDisplay(output: Output): DrainDisplay {
  return output.isTerminal ? new Bar(output) : new Lines(output);
}

/** Seconds between two lines of a log. */
const logInterval = 10;

function connectionsOf({ busy }: DrainProgress): number {
  return busy.reduce((sum, { activeConnections }) => sum + activeConnections, 0);
}

function stateText(progress: DrainProgress): string {
  const { servers, busy, secondsLeft } = progress;
  const connections = counted(connectionsOf(progress), 'active connection');
  return `${busy.length} of ${counted(servers, 'server')} busy, ${connections}, ${Math.ceil(secondsLeft)} s left`;
}

async function tellBusy(output: Output, { busy }: DrainProgress): Promise<void> {
  for (const { subject, activeConnections } of busy) {
    await output.write(`${subject} still has ${counted(activeConnections, 'active connection')}\n`);
  }
}

class Lines implements DrainDisplay {
  readonly #output: Output;
  #nextAt = Infinity;
  #busy = -1;

  constructor(output: Output) {
    this.#output = output;
  }

  async show(progress: DrainProgress): Promise<void> {
    const { busy, secondsLeft } = progress;
    // One at the start, one for each server that is done, and one now and then.
    if (busy.length === this.#busy && secondsLeft > this.#nextAt) return;
    this.#busy = busy.length;
    this.#nextAt = secondsLeft - logInterval;
    await this.#output.write(`draining: ${stateText(progress)}\n`);
  }

  async finish(progress: DrainProgress | undefined): Promise<void> {
    if (progress !== undefined) await tellBusy(this.#output, progress);
  }
}

class Bar implements DrainDisplay {
  readonly #output: Output;
  readonly #bar: SingleBar;
  readonly #stream: Writable;
  #started = false;

  constructor(output: Output) {
    this.#output = output;
    this.#stream = terminalOf(output);
    this.#bar = new SingleBar(
      {
        format: 'draining {bar} {state}',
        barsize: 20,
        stream: this.#stream,
        autopadding: true,
        forceRedraw: true,
        hideCursor: true,
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
  }

  async show(progress: DrainProgress): Promise<void> {
    const { servers, busy } = progress;
    const payload = { state: stateText(progress) };
    if (this.#started) this.#bar.update(servers - busy.length, payload);
    else this.#bar.start(servers, servers - busy.length, payload);
    this.#started = true;
    await this.#drawn();
  }

  async finish(progress: DrainProgress | undefined): Promise<void> {
    if (this.#started) this.#bar.stop();
    await this.#drawn();
    if (progress !== undefined) await tellBusy(this.#output, progress);
  }

  /** Waits for all that the bar has written: it writes in pieces, and the stream lets one through at a time. */
  #drawn(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write('', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}

/** An output as the bar needs it: a stream of Node's. */
function terminalOf(output: Output): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      output.write(text).then(() => {
        done();
      }, done);
    },
  });
  // Told to whoever waits for what was written.
  stream.on('error', () => undefined);
  return Object.assign(stream, { isTTY: true, columns: output.columns ?? 80 });
}
