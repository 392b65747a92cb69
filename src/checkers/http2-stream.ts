import { connect, constants, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Attempt } from './attempt.js';
import { closedEarly } from './failures.js';
import { longestHead } from './response-reader.js';

/**
 * Opens an HTTP/2 session on a connection, and a stream in it for one request. Errors, and the end of the stream without an
 * outcome, end the attempt, and its end closes the session.
 */
export function openStream(
  attempt: Attempt,
  socket: Socket,
  headers: OutgoingHttpHeaders,
  body?: Buffer,
): ClientHttp2Stream {
  const session = connect('http://server', {
    createConnection: () => socket,
    settings: { enablePush: false, maxHeaderListSize: longestHead },
  });
  attempt.onEnd(() => {
    session.destroy();
  });
  const fail = (cause: unknown): void => {
    attempt.fail(cause);
  };
  session.on('error', fail);
  const stream = session.request(headers, { endStream: body === undefined });
  stream.on('error', fail);
  stream.on('close', () => {
    attempt.lost(closedEarly);
  });
  if (body !== undefined) stream.end(body);
  return stream;
}

/** Fields that belong to a connection of HTTP/1 and are no part of HTTP/2: RFC 9113, section 8.2.2. */
const ofConnections = new Set<string>([
  constants.HTTP2_HEADER_CONNECTION,
  constants.HTTP2_HEADER_HOST,
  constants.HTTP2_HEADER_HTTP2_SETTINGS,
  constants.HTTP2_HEADER_KEEP_ALIVE,
  constants.HTTP2_HEADER_PROXY_CONNECTION,
  constants.HTTP2_HEADER_TE,
  constants.HTTP2_HEADER_TRANSFER_ENCODING,
  constants.HTTP2_HEADER_UPGRADE,
]);

/** Header fields for HTTP/2. */
export function http2Fields(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(named.filter(([name]) => !ofConnections.has(name)));
}
