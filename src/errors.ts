import { getSystemErrorName } from 'node:util';
import { systemErrorText } from './text/errno-text.js';

/** Stable codes of all errors that this package throws on purpose. Test these, never the text. */
export type ErrorCode =
  | 'IPVS_USAGE'
  | 'IPVS_KERNEL'
  | 'IPVS_UNAVAILABLE'
  | 'IPVS_TRANSPORT'
  | 'IPVS_DECODE'
  | 'IPVS_VALUE'
  | 'IPVS_INPUT'
  | 'IPVS_OUTPUT'
  | 'IPVS_DOCUMENT'
  | 'IPVS_APPLY'
  | 'IPVS_INTERRUPTED'
  | 'IPVS_LOCKED'
  | 'IPVS_STATE';

/** Base of all errors that this package throws on purpose. */
export class IpvsError extends Error {
  override readonly name: string = 'IpvsError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Name of an error number, such as `EEXIST` for 17. */
export function errnoName(errno: number): string {
  return getSystemErrorName(-errno);
}

/** What was requested of the kernel: one kind of change, or to `list` something. */
export type Operation =
  | 'list'
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'flush'
  | 'zero'
  | 'set-timeouts'
  | 'start-daemon'
  | 'stop-daemon';

/** The kernel refused a request. */
export class KernelError extends IpvsError {
  override readonly name = 'KernelError';
  /** Positive error number, such as 17 for EEXIST. */
  readonly errno: number;
  /** What was requested. */
  readonly operation: Operation;
  /** What the operation was about, such as `TCP 192.0.2.1:80`; empty where it has no object. */
  readonly subject: string;

  constructor(errno: number, operation: Operation, subject: string) {
    super('IPVS_KERNEL', `${operation}${subject === '' ? '' : ` ${subject}`}: ${errnoName(errno)}`);
    this.errno = errno;
    this.operation = operation;
    this.subject = subject;
  }

  /** Name of the error number, such as `EEXIST`. */
  get errnoName(): string {
    return errnoName(this.errno);
  }
}

/** IPVS is not available: the kernel has none, or this process lacks the privileges. */
export class UnavailableError extends IpvsError {
  override readonly name = 'UnavailableError';
  /** Positive error number: ENOPROTOOPT where the kernel has no IPVS, EPERM without the privileges. */
  readonly errno: number;

  constructor(errno: number, options?: ErrorOptions) {
    super('IPVS_UNAVAILABLE', `IPVS can't be reached: ${errnoName(errno)}`, options);
    this.errno = errno;
  }
}

/** Communication with the kernel failed: replies were lost, or the socket is closed or could not be opened. */
export class TransportError extends IpvsError {
  override readonly name = 'TransportError';
  constructor(message: string, options?: ErrorOptions) {
    super('IPVS_TRANSPORT', message, options);
  }
}

/** Bytes that are no valid message. */
export class DecodeError extends IpvsError {
  override readonly name = 'DecodeError';
  constructor(message: string) {
    super('IPVS_DECODE', message);
  }
}

/** A value that can't be put into a message: not an address, too long, out of range. */
export class ValueError extends IpvsError {
  override readonly name = 'ValueError';
  constructor(message: string) {
    super('IPVS_VALUE', message);
  }
}

/** Output could not be written, for another reason than that its reader went away. */
export class OutputError extends IpvsError {
  override readonly name = 'OutputError';
  constructor(message: string, options?: ErrorOptions) {
    super('IPVS_OUTPUT', message, options);
  }
}

/** Something wrong in a document or a rule dump. */
export interface DocumentProblem {
  /** Line, from 1; undefined where there is no text, as for a table that a program made. */
  readonly line: number | undefined;
  /** Column in characters, from 1; undefined where only the line is known. */
  readonly column: number | undefined;
  /** Where in the table, such as `services[0].servers[1].port`; empty where it is about the whole table. */
  readonly path: string;
  /** What was expected and what was found, without control characters. */
  readonly message: string;
}

/** A document or a rule dump that can't be used. The message lists all problems, one after the other. */
export class DocumentError extends IpvsError {
  override readonly name = 'DocumentError';
  /** What messages call the document, such as its file's name. */
  readonly source: string;
  /** All that was found, in the order of the text. */
  readonly problems: readonly DocumentProblem[];

  constructor(message: string, source: string, problems: readonly DocumentProblem[]) {
    super('IPVS_DOCUMENT', message);
    this.source = source;
    this.problems = problems;
  }
}

/** How the changes of a plan were undone. */
export interface Undone {
  /** What the kernel refused to undo: it is still as the plan made it. */
  readonly failures: readonly KernelError[];
  /**
   * What had been removed already and was added again, such as `192.0.2.7:80 of TCP 192.0.2.1:80`: its counters start
   * anew, and connections that came in between may have been refused.
   */
  readonly recreated: readonly string[];
  /**
   * Changes that were not undone, such as `add-server 192.0.2.7:80 of TCP 192.0.2.1:80`: another process removed the
   * servers that their service had, and without these it would have none of weight above 0.
   */
  readonly kept: readonly string[];
  /** Why undoing was cut short, if it was: how much was undone is unknown. */
  readonly error?: IpvsError | undefined;
}

/** Whether the table is configured as before. */
export function isUndone({ failures, kept, error }: Undone): boolean {
  return failures.length === 0 && kept.length === 0 && error === undefined;
}

/** The kernel refused a change of a plan, and what had been done was undone. `cause` is the refusal. */
export class ApplyError extends IpvsError {
  override readonly name = 'ApplyError';
  /** The first change that was refused. */
  readonly refusal: KernelError;
  readonly undone: Undone;

  constructor(refusal: KernelError, undone: Undone) {
    super('IPVS_APPLY', `${refusal.message}; ${isUndone(undone) ? 'undone' : 'not everything was undone'}`, {
      cause: refusal,
    });
    this.refusal = refusal;
    this.undone = undone;
  }
}

/** A plan was interrupted and left something behind. `cause` is the reason of the signal that ended it. */
export class InterruptedError extends IpvsError {
  override readonly name = 'InterruptedError';
  /** How the changes were undone; undefined where a drain was interrupted: they stay. */
  readonly undone: Undone | undefined;
  /** Servers that were to be removed and stay, with weight 0. */
  readonly quiesced: number;

  constructor(reason: unknown, undone: Undone | undefined, quiesced: number) {
    const left = undone === undefined ? 'while draining' : 'and not everything was undone';
    super('IPVS_INTERRUPTED', `interrupted ${left}`, { cause: reason });
    this.undone = undone;
    this.quiesced = quiesced;
  }
}

/** Another process has the lock on the table of this network namespace, or it can't be locked. */
export class LockedError extends IpvsError {
  override readonly name = 'LockedError';
  constructor(message: string, options?: ErrorOptions) {
    super('IPVS_LOCKED', message, options);
  }
}

/**
 * `scan`: an option that can't be read; a restore goes on after it. `usage`: options or values that don't fit.
 * `try`: no command at all.
 */
export type UsageKind = 'scan' | 'usage' | 'try';

/** The command line is wrong. The message is for the user. */
export class UsageError extends IpvsError {
  override readonly name = 'UsageError';
  readonly kind: UsageKind;

  constructor(kind: UsageKind, message: string) {
    super('IPVS_USAGE', message);
    this.kind = kind;
  }
}

/** Input could not be read. */
export class InputError extends IpvsError {
  override readonly name = 'InputError';

  constructor(what: string, cause: unknown) {
    super('IPVS_INPUT', `can't read ${what}: ${systemErrorText(cause)}`, { cause });
  }
}

/** A file below /run/ipvsadm can't be read or written, or others may have written it. */
export class StateError extends IpvsError {
  override readonly name = 'StateError';

  constructor(message: string, options?: ErrorOptions) {
    super('IPVS_STATE', message, options);
  }
}

/** A program that the diagnosis needs is missing, too old, or fails. */
export class LookError extends IpvsError {
  override readonly name = 'LookError';

  constructor(message: string, options?: ErrorOptions) {
    super('IPVS_INPUT', message, options);
  }
}
