import type { Transport } from '../../../src/ports/transport.js';
import type { LockOptions } from '../../../src/ports/lock.js';
import type { EndSignal, Io, Machine, Output } from '../../../src/ports/io.js';
import { StateError } from '../../../src/errors.js';
import type { ControlServer, ControlSockets, Respond } from '../../../src/ports/control.js';
import type { StateFiles } from '../../../src/ports/state.js';
import type { NameResolver } from '../../../src/ports/resolver.js';
import { noNames } from './naming.js';

/** Pieces of bytes as a stream. */
export async function* pieces(input: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of input) {
    await Promise.resolve();
    yield piece;
  }
}

/** What is written has to be whole characters: no write may cut one in two. */
const wholeText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An output that keeps what was written. */
export class FakeOutput implements Output {
  isTerminal = false;
  readonly columns = undefined;
  readerGone = false;
  /** What every write ends in. */
  failure: Error | undefined;
  text = '';
  writes = 0;

  write(text: string | Uint8Array): Promise<void> {
    this.writes++;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    // Bytes may be overwritten as soon as this returns.
    if (!this.readerGone) this.text += typeof text === 'string' ? text : wholeText.decode(text);
    return Promise.resolve();
  }
}

/** State files in memory. */
export class MemoryState implements StateFiles {
  readonly files = new Map<string, { text: string; mode: number }>();

  read(name: string): string | undefined {
    return this.files.get(name)?.text;
  }

  write(name: string, text: string, mode: number): void {
    this.files.set(name, { text, mode });
  }

  list(prefix: string): string[] {
    return [...this.files.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  remove(name: string): void {
    this.files.delete(name);
  }
}

/** Sockets in memory: who serves one is asked in the same process. */
export class MemoryControl implements ControlSockets {
  readonly served = new Map<string, Respond>();

  list(): string[] {
    return [...this.served.keys()].sort();
  }

  serve(name: string, respond: Respond): Promise<ControlServer> {
    if (this.served.has(name)) return Promise.reject(new StateError(`another process answers at ${name}`));
    this.served.set(name, respond);
    const close = (): Promise<void> => {
      this.served.delete(name);
      return Promise.resolve();
    };
    return Promise.resolve({ close });
  }

  async ask(name: string, request: unknown): Promise<unknown> {
    const respond = this.served.get(name);
    if (respond === undefined) return undefined;
    try {
      // What goes through a socket is plain data.
      return JSON.parse(JSON.stringify(await respond(JSON.parse(JSON.stringify(request))))) as unknown;
    } catch (error) {
      throw new StateError((error as Error).message);
    }
  }
}

/** What a program is given in place of the machine. */
export interface FakeSurroundings {
  readonly stdin?: AsyncIterable<Uint8Array> | string;
  /** The sockets that are opened, one after the other. */
  readonly sockets?: readonly (Transport | Error)[];
  readonly connections?: AsyncIterable<Uint8Array>;
  readonly capabilities?: bigint;
  readonly names?: NameResolver;
  /** What a lock that is asked for ends in; none: it is given. */
  readonly lockFailure?: Error;
  readonly env?: Io['env'];
  /** Called with each sleep, with its number from 1: a second writer, or a signal. */
  readonly onSleep?: (sleeps: number, io: FakeIo) => void;
  /** What earlier runs have left. */
  readonly state?: MemoryState;
  /** Where daemons answer. */
  readonly control?: MemoryControl;
  /** In place of files and programs. */
  readonly machine?: Partial<
    Pick<Machine, 'readFile' | 'listDirectory' | 'run' | 'running' | 'clock' | 'openTerminal' | 'parseApart'>
  >;
}

/** An `Io` that touches nothing, and notes what happens. */
export class FakeIo implements Io {
  readonly programName = 'ipvsadm';
  readonly env: Io['env'];
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout = new FakeOutput();
  readonly stderr = new FakeOutput();
  readonly names: NameResolver;
  readonly machine: Io['machine'];
  readonly state: MemoryState;
  /** What the service manager was told. */
  readonly notified: string[] = [];
  /** Programs that were run as hooks, with their input. */
  readonly hooks: { readonly command: readonly string[]; readonly input: string }[] = [];
  /** Files that were replaced; undefined: removed. */
  readonly replaced = new Map<string, string | undefined>();
  socketsOpened = 0;
  modulesLoaded = 0;
  /** The locks that were asked for, and how many of them are held. */
  readonly locks: LockOptions[] = [];
  locksHeld = 0;
  /** Those who want to be told of signals. */
  readonly signalListeners = new Set<(signal: EndSignal) => void>();
  /** Milliseconds that were slept. */
  now = 0;
  sleeps = 0;

  constructor({
    stdin = '',
    sockets = [],
    connections,
    capabilities = (1n << 40n) - 1n,
    names,
    lockFailure,
    state = new MemoryState(),
    control = new MemoryControl(),
    env = {},
    onSleep,
    machine,
  }: FakeSurroundings = {}) {
    this.state = state;
    this.env = env;
    this.stdin = typeof stdin === 'string' ? pieces(stdin === '' ? [] : [Buffer.from(stdin)]) : stdin;
    this.names = names ?? noNames;
    this.machine = {
      openSocket: () => {
        const socket = sockets[this.socketsOpened++];
        if (socket === undefined) return Promise.reject(new Error('no more sockets were expected'));
        return socket instanceof Error ? Promise.reject(socket) : Promise.resolve(socket);
      },
      loadModule: () => {
        this.modulesLoaded++;
        return Promise.resolve();
      },
      capabilities: () => capabilities,
      readFile: () => connections ?? pieces([]),
      listDirectory: () => [],
      clock: {
        now: () => this.now,
        sleep: (milliseconds) => {
          this.now += milliseconds;
          onSleep?.(++this.sleeps, this);
          return Promise.resolve();
        },
      },
      date: () => Date.UTC(2026, 0, 2, 3, 4, 5) + this.now,
      user: 'alice',
      running: () => [],
      onSignal: (listener) => {
        this.signalListeners.add(listener);
        return () => this.signalListeners.delete(listener);
      },
      openTerminal: () => Promise.resolve(undefined),
      lockTable: (options) => {
        this.locks.push(options);
        if (lockFailure !== undefined) return Promise.reject(lockFailure);
        this.locksHeld++;
        const release = (): Promise<void> => {
          this.locksHeld--;
          return Promise.resolve();
        };
        return Promise.resolve({ release, [Symbol.asyncDispose]: release });
      },
      state: this.state,
      control,
      notify: (text) => {
        this.notified.push(text);
        return Promise.resolve();
      },
      runHook: (command, input) => {
        this.hooks.push({ command, input });
        return Promise.resolve(undefined);
      },
      parseApart: () => Promise.resolve(undefined),
      replaceFile: (path, text) => {
        this.replaced.set(path, text);
      },
      run: () => Promise.reject(new Error('no program was expected')),
      ...machine,
    };
  }
}
