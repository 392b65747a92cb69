import { kernelText, unavailableText } from './kernel-text.js';
import {
  DecodeError,
  DocumentError,
  IpvsError,
  KernelError,
  OutputError,
  TransportError,
  UnavailableError,
  UsageError,
  type UsageKind,
} from '../errors.js';

/** Exit status of each kind. */
export const usageStatus: Readonly<Record<UsageKind, number>> = { scan: 255, usage: 2, try: 255 };

/** What a person is told of a failure, and the exit status. */
export interface Failure {
  readonly text: string;
  readonly status: number;
}

/** Exit status when a listing can't be had or output can't be written. */
const listingStatus = 1;
/** Exit status when a document or a dump can't be used. */
const documentStatus = 2;
/** Exit status when the kernel refused a change. */
export const refusedStatus = 255;

/**
 * Makes a text and a status of an error.
 * @param changing whether a change was asked for: conversations that break then are graver than a listing cut short.
 */
export function describeFailure(error: unknown, programName: string, changing: boolean): Failure {
  if (error instanceof UsageError) return { text: error.message, status: usageStatus[error.kind] };
  if (error instanceof KernelError) {
    return {
      text: kernelText(error.errno, error.operation),
      status: error.operation === 'list' ? listingStatus : refusedStatus,
    };
  }
  if (error instanceof UnavailableError) return { text: unavailableText(error.errno), status: 2 };
  const text = `${programName}: ${error instanceof Error ? error.message : String(error)}`;
  if (error instanceof DocumentError) return { text, status: documentStatus };
  if (error instanceof OutputError) return { text, status: listingStatus };
  if (error instanceof TransportError || error instanceof DecodeError) {
    return { text, status: changing ? refusedStatus : listingStatus };
  }
  if (error instanceof IpvsError) return { text, status: listingStatus };
  throw error;
}
