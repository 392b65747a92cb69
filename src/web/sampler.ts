// One look at the kernel for all who watch: it sleeps when nobody does.

import { readSnapshots } from '../director/health-notes.js';
import type { Snapshot } from '../director/snapshot.js';
import type { Io } from '../ports/io.js';
import { readDrainRecord, type DrainRecord } from '../table/drain-record.js';
import { Meter, readSample, type SampleClient, type TableReading } from '../table/samples.js';

/** What is known at a time. */
export interface Look {
  /** Counts the looks. */
  readonly number: number;
  /** When, in milliseconds of the monotonic clock. */
  readonly at: number;
  readonly reading: TableReading;
  readonly drained: DrainRecord;
  readonly daemons: readonly Snapshot[];
}

/** Seconds of the past that charts show. */
export const chartSeconds = 600;

/** Seconds after which two looks tell nothing of the time between them: nobody watched. */
const longestGap = 60;

/** Seconds within which two looks, of a page and of who watches, tell too little of rates. */
const shortestGap = 0.8;

/** A look that is not older than this is good enough for a page, in milliseconds. */
const freshFor = 1000;

/** Looks at the kernel. */
export class Sampler {
  readonly #io: Pick<Io, 'machine'>;
  readonly #client: SampleClient;
  readonly #interval: number;
  readonly #listeners = new Set<(look: Look) => void>();
  readonly #meter = new Meter({ services: chartSeconds, longestGap, shortestGap });
  readonly #ended = new AbortController();
  #number = 0;
  #last: Look | undefined;
  #looking: Promise<Look> | undefined;
  #isWatching = false;

  /** @param interval milliseconds between two looks while somebody watches. */
  constructor(io: Pick<Io, 'machine'>, client: SampleClient, interval: number) {
    this.#io = io;
    this.#client = client;
    this.#interval = interval;
  }

  /** What is known now: at most a second old. @throws {IpvsError} where the kernel can't be asked. */
  async look(): Promise<Look> {
    const last = this.#last;
    if (last !== undefined && this.#io.machine.clock.now() - last.at < freshFor) return last;
    return this.#look();
  }

  /** What is known after something was changed: a look that has begun already may be of before. */
  async lookAgain(): Promise<Look> {
    await this.#looking?.catch(() => undefined);
    return this.#look();
  }

  async #look(): Promise<Look> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<Look> {
    const { machine } = this.#io;
    const sample = await readSample(this.#client, machine.clock);
    const reading = await this.#meter.add(sample);
    const daemons = await readSnapshots(this.#io);
    const look = {
      number: ++this.#number,
      at: machine.clock.now(),
      reading,
      drained: readDrainRecord(machine.state),
      daemons,
    };
    this.#last = look;
    // Also of those that pages ask for: who watches has to know what these show.
    for (const listener of this.#listeners) listener(look);
    return look;
  }

  /** Tells a listener of each look, from now on until what is returned is called. */
  watch(listener: (look: Look) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#isWatching) void this.#run();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The last look; undefined: there was none. */
  get last(): Look | undefined {
    return this.#last;
  }

  /** Who watches. */
  get watchers(): number {
    return this.#listeners.size;
  }

  async #run(): Promise<void> {
    const { clock } = this.#io.machine;
    this.#isWatching = true;
    while (this.#listeners.size > 0 && !this.#ended.signal.aborted) {
      try {
        await this.#look();
      } catch {
        // The kernel may be back at the next one; pages say what is wrong.
      }
      await clock.sleep(this.#interval, this.#ended.signal);
    }
    this.#isWatching = false;
  }

  /** Ends all looking. */
  end(): void {
    this.#ended.abort();
    this.#listeners.clear();
  }
}
