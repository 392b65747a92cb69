import type { BulkResolver } from './resolver.js';
import type { Transport } from './transport.js';
import type { Clock } from './clock.js';
import type { LockOptions, TableLock } from './lock.js';

/** A stream of text that a command writes to. */
export interface Output {
  /** True when a person watches: colour, progress bars and prompts are allowed. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; undefined where it has none. */
  readonly columns: number | undefined;
  /** True once nobody reads any more: what is written is dropped, and a long producer may stop. */
  readonly readerGone: boolean;
  /**
   * Writes text, or its UTF-8 bytes, and resolves when the system has taken it, so that a slow reader slows the writer.
   * A reader that went away is no error.
   * @throws {OutputError} when it can't be written, such as to a full disk.
   */
  write(text: string | Uint8Array): Promise<void>;
}

/** A signal that asks a program to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM';

/** Programs that may be run; where they are looked for is fixed. */
export type HelperProgram = 'ip';

/** What a program left behind. */
export interface ProgramResult {
  /** Exit status; undefined where a signal ended it, as one that took too long. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program sees of the machine that it runs on. Tests pass their own. */
export interface Machine {
  /**
   * Opens a generic netlink socket.
   * @throws {TransportError} when the system gives none.
   */
  openSocket(): Promise<Transport>;
  /** Asks for the kernel module ip_vs once, as the original does: `/sbin/modprobe -- ip_vs`. Never throws. */
  loadModule(): Promise<void>;
  /** Effective capabilities of this process as a bit set; source: CapEff in /proc/self/status. */
  capabilities(): bigint;
  /**
   * A file in pieces of any size; each holds until the next one is asked for. Iterating throws the file system's error
   * where it can't be read.
   */
  readFile(path: string): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly clock: Clock;
  /**
   * Calls a listener for SIGINT and SIGTERM, which then no longer end the process.
   * @returns what unsubscribes it.
   */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /**
   * Takes the lock on the table of this network namespace.
   * @throws {LockedError} when somebody else has it for too long.
   */
  lockTable(options: LockOptions): Promise<TableLock>;
  /**
   * Runs a program for what it prints, without a shell and in the locale C; one that takes too long is ended.
   * @param input what it reads on its standard input.
   * @returns undefined where it is not installed.
   * @throws {LookError} where it can't be executed.
   */
  run(program: HelperProgram, args: readonly string[], input?: string): Promise<ProgramResult | undefined>;
}

/** Everything that a run of a program touches: `main` uses nothing else and touches no global. */
export interface Io {
  /** The name that messages give to the program, such as `ipvsadm`. */
  readonly programName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Standard input in pieces of any size; each holds until the next one is asked for. Iterating throws the system's
   * error where it can't be read.
   */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly names: BulkResolver;
  readonly machine: Machine;
}
