import { getSystemErrorName } from 'node:util';

/** Stable codes of all errors that this package throws on purpose. Test these, never the text. */
export type ErrorCode =
  | 'IPVS_USAGE'
  | 'IPVS_KERNEL'
  | 'IPVS_UNAVAILABLE'
  | 'IPVS_TRANSPORT'
  | 'IPVS_DECODE'
  | 'IPVS_VALUE'
  | 'IPVS_INPUT'
  | 'IPVS_OUTPUT';

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

/** The kernel refused a request. */
export class KernelError extends IpvsError {
  override readonly name = 'KernelError';
  /** Positive error number, such as 17 for EEXIST. */
  readonly errno: number;
  /** What was asked for, such as `add-service`. */
  readonly operation: string;
  /** What it was asked for, such as `TCP 192.0.2.1:80`; empty where the operation has no object. */
  readonly subject: string;

  constructor(errno: number, operation: string, subject: string) {
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

/** There is no IPVS to talk to: the kernel has none, or it does not let us. */
export class UnavailableError extends IpvsError {
  override readonly name = 'UnavailableError';
  /** Positive error number: ENOPROTOOPT where the kernel has no IPVS, EPERM where we may not. */
  readonly errno: number;

  constructor(errno: number, options?: ErrorOptions) {
    super('IPVS_UNAVAILABLE', `IPVS can't be reached: ${errnoName(errno)}`, options);
    this.errno = errno;
  }
}

/** The conversation with the kernel broke: replies lost, out of sequence, or the socket closed. */
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
