import type { BulkResolver } from './resolver.js';
import type { Transport } from './transport.js';
import type { Clock } from './clock.js';
import type { LockOptions, TableLock } from './lock.js';
import type { ControlSockets } from './control.js';
import type { StateFiles } from './state.js';
import type { Terminal, TerminalEvents } from './terminal.js';

/** A stream of text that a command writes to. */
export interface Output {
  /** True for a terminal: colour and progress lines are allowed. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; undefined where it has none. */
  readonly columns: number | undefined;
  /** True once the reader has closed its end: what is written is dropped, and a long producer may stop. */
  readonly readerGone: boolean;
  /**
   * Writes text, or its UTF-8 bytes, and resolves when the system has accepted it, so that a slow reader slows the
   * writer. A reader that closed its end is no error.
   * @throws {OutputError} when it can't be written, such as to a full disk.
   */
  write(text: string | Uint8Array): Promise<void>;
}

/** A signal that asks a program to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Programs that may be run, from fixed directories. */
export type HelperProgram = 'ip';

/** How a program ended, and what it printed. */
export interface ProgramResult {
  /** Exit status; undefined where a signal ended it, such as on a timeout. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine that a program runs on. Tests pass their own. */
export interface Machine {
  /**
   * Opens a generic netlink socket.
   * @throws {TransportError} when the socket can't be created.
   */
  openSocket(): Promise<Transport>;
  /** Loads the kernel module ip_vs, as the original does: `/sbin/modprobe -- ip_vs`. Never throws. */
  loadModule(): Promise<void>;
  /** Of these program names, at most 15 bytes each, those that a process of this machine has now. */
  running(names: readonly string[]): string[];
  /** Effective capabilities of this process as a bit set; source: CapEff in /proc/self/status. */
  capabilities(): bigint;
  /**
   * A file in pieces of any size; each is valid until the next one is requested. Iterating throws the file system's error
   * where it can't be read.
   */
  readFile(path: string): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The names in a directory. @throws the file system's error where it can't be read. */
  listDirectory(path: string): readonly string[];
  readonly clock: Clock;
  /** Milliseconds since 1970 (UTC), for what people read; may jump. */
  date(): number;
  /** The name of who runs the program: behind sudo, of who called it. Printable. */
  readonly user: string;
  /**
   * Calls a listener for SIGINT, SIGTERM and SIGHUP, which then no longer end the process.
   * @returns a function that unsubscribes it.
   */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /**
   * Takes over the terminal, until it is closed.
   * @returns undefined where standard input and output are none.
   */
  openTerminal(events: TerminalEvents): Promise<Terminal | undefined>;
  /**
   * Takes the lock on the table of this network namespace.
   * @throws {LockedError} when another process holds it for longer than `waitSeconds`.
   */
  lockTable(options: LockOptions): Promise<TableLock>;
  /** What is kept between runs, of this network namespace. */
  readonly state: StateFiles;
  /** How programs of ours speak with each other. */
  readonly control: ControlSockets;
  /** Tells the service manager something, such as `READY=1`, where it has started this program. Never throws. */
  notify(state: string): Promise<void>;
  /**
   * Runs a program that whoever wrote a document has named, without a shell, in a process group that is killed after a timeout.
   * What it prints is dropped.
   * @returns what was wrong, for people; undefined: nothing.
   */
  runHook(command: readonly string[], input: string, seconds: number): Promise<string | undefined>;
  /**
   * Has a document parsed in a thread of its own, which ends then: here everything else would have to wait.
   * @param request plain data, as is what is answered: see `src/command/parse-apart.ts`.
   * @returns undefined where there is no such thread.
   * @throws where it fails, or takes longer than that.
   */
  parseApart(request: unknown, seconds: number): Promise<unknown>;
  /** Replaces a file, or makes it; undefined: removes it. @throws the file system's error. */
  replaceFile(path: string, text: string | undefined): void;
  /**
   * Runs a program for its output, without a shell and in the locale C; it is killed after a timeout.
   * @param input its standard input.
   * @returns undefined where it is not installed.
   * @throws {LookError} where it can't be executed.
   */
  run(program: HelperProgram, args: readonly string[], input?: string): Promise<ProgramResult | undefined>;
}

/** Everything that a run of a program touches: `main` uses nothing else and touches no global. */
export interface Io {
  /** The program's name in messages, such as `ipvsadm`. */
  readonly programName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Standard input in pieces of any size; each is valid until the next one is requested. Iterating throws the system's
   * error where it can't be read.
   */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly names: BulkResolver;
  readonly machine: Machine;
}
