import { IpvsError } from '../errors.js';
import { systemErrorText } from '../text/errno-text.js';
import type { NotPassed } from '../health/outcome.js';
import { printable } from '../text/printable.js';
import { shown } from './shown.js';

const unreachable = (reason: string): NotPassed => ({ kind: 'unreachable', reason });
const saidNo = (reason: string): NotPassed => ({ kind: 'said-no', reason });
const unknown = (reason: string): NotPassed => ({ kind: 'unknown', reason });

/** The server took the connection and ended it before it had answered. */
export const closedEarly = unreachable('closed the connection without a whole answer');

/** This process stood still while it should have listened. */
export const busyHost = unknown('this host was busy: it may have missed the answer');

/**
 * What errors say about a server, by their codes. All others are this host's own, such as EMFILE, EADDRNOTAVAIL, or EPERM from a
 * packet filter: they say nothing about the server.
 */
const failures: Readonly<Record<string, NotPassed>> = {
  ECONNREFUSED: unreachable('refused the connection'),
  ECONNRESET: unreachable('reset the connection'),
  EPIPE: unreachable('closed the connection'),
  ETIMEDOUT: unreachable('no answer'),
  EHOSTUNREACH: unreachable('no route to the host'),
  EHOSTDOWN: unreachable('the host is down'),
  ENETUNREACH: unreachable('the network is unreachable'),
  // A packet that nobody takes: Linux reports ICMP's protocol unreachable by this.
  ENOPROTOOPT: unreachable('the host does not know the protocol'),
  ERR_HTTP2_STREAM_CANCEL: closedEarly,
  ERR_HTTP2_GOAWAY_SESSION: saidNo('ended the HTTP/2 session'),
  ERR_TLS_CERT_ALTNAME_INVALID: saidNo('the certificate is for another name'),
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: unknown('this host has no such version of TLS'),
  ERR_SSL_NO_CIPHERS_AVAILABLE: unknown('this host has no ciphers for TLS'),
};

/** Codes of errors that a server's answers cause. */
const answers = /^(?:ERR_SSL_|ERR_HTTP2_(?:ERROR|SESSION_ERROR|STREAM_ERROR)$)/;

/** Advice of Node.js's for those who write programs. */
const advice = /; if the root CA is .*/s;

/** What happened, for people; OpenSSL's messages have files and lines of its sources, beside a reason. */
export function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return shown(String(cause));
  return shown(
    'reason' in cause && typeof cause.reason === 'string' ? cause.reason : cause.message.replace(advice, ''),
  );
}

/**
 * What a failure says about the server.
 * @param securing whether TLS was being set up, whose errors are answers.
 */
export function outcomeOf(cause: unknown, securing = false): NotPassed {
  if (!(cause instanceof Error)) return unknown(textOf(cause));
  if (cause instanceof IpvsError) return unknown(printable(cause.message));
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const known = failures[code];
  if (known !== undefined) return known;
  if (answers.test(code) || (securing && !isSystemError(cause))) {
    return saidNo(`${code.startsWith('ERR_HTTP2') ? 'HTTP/2' : 'TLS'}: ${textOf(cause)}`);
  }
  return unknown(`this host: ${isSystemError(cause) ? systemErrorText(cause) : textOf(cause)}`);
}

/** Whether a system call failed: such an error has its number. */
function isSystemError(cause: Error): boolean {
  // An alert of TLS may be wrapped in one that has.
  return 'errno' in cause && typeof cause.errno === 'number' && !('code' in cause && cause.code === 'EPROTO');
}
