import type { IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Outcome } from '../health/outcome.js';
import type { Attempt } from './attempt.js';
import { decodeHealthResponse, encodeHealthRequest, servingStates } from './grpc-message.js';
import { guard } from './guard.js';
import { openStream } from './http2-stream.js';
import { quoted, shown } from './shown.js';
import { openSocket } from './socket.js';
import { authority, type TargetOf } from './target.js';

/** Longest answer in bytes. */
const longestAnswer = 4096;

const isServing = 'SERVING';

/** Codes of gRPC that say more than a number, for people. */
const statusTexts: Readonly<Record<string, string>> = {
  '5': 'does not know the service',
  '12': 'does not tell its health',
};

function judge(headers: IncomingHttpHeaders, trailers: IncomingHttpHeaders, body: Buffer): Outcome {
  const httpStatus = Number(headers[':status']);
  const type = headers['content-type'] ?? '';
  if (httpStatus !== 200 || !type.startsWith('application/grpc')) {
    return { kind: 'said-no', reason: `not an answer of gRPC: HTTP ${httpStatus} ${quoted(type)}` };
  }
  // Without a body the trailers are the head.
  const all = { ...headers, ...trailers };
  const code = String(all['grpc-status']);
  if (code !== '0') {
    const message = shown(String(all['grpc-message'] ?? ''));
    return { kind: 'said-no', reason: statusTexts[code] ?? `gRPC status ${shown(code)}${message && `: ${message}`}` };
  }
  const state = decodeHealthResponse(body);
  const text = state === undefined ? 'nothing about its health' : (servingStates[state] ?? `state ${state}`);
  return text === isServing ? { kind: 'pass', reason: text } : { kind: 'said-no', reason: `says ${text}` };
}

function request(attempt: Attempt, target: TargetOf<'grpc'>, socket: Socket): void {
  const stream = openStream(
    attempt,
    socket,
    {
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      ':scheme': 'http',
      ':authority': authority(target),
      'content-type': 'application/grpc',
      'user-agent': 'ipvsadm',
      te: 'trailers',
      'grpc-timeout': `${Math.ceil(1000 * attempt.seconds)}m`,
    },
    encodeHealthRequest(target.check.service),
  );
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const pieces: Buffer[] = [];
  let length = 0;
  stream.on('response', (headers) => {
    head = headers;
  });
  stream.on('trailers', (headers: IncomingHttpHeaders) => {
    trailers = headers;
  });
  stream.on('data', (chunk: Buffer) => {
    pieces.push(chunk);
    length += chunk.length;
    if (length > longestAnswer) attempt.end({ kind: 'said-no', reason: 'its answer is too long' });
  });
  stream.on('end', () => {
    if (head[':status'] === undefined) return;
    guard(attempt, () => {
      attempt.end(judge(head, trailers, Buffer.concat(pieces)));
    });
  });
}

/** Asks a server of gRPC for the health of a service. */
export function askGrpc(attempt: Attempt, target: TargetOf<'grpc'>): void {
  openSocket(attempt, target, undefined, (socket) => {
    request(attempt, target, socket);
  });
}
