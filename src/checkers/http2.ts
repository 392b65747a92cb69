import type { IncomingHttpHeaders } from 'node:http2';
import { TLSSocket } from 'node:tls';
import type { Attempt } from './attempt.js';
import { http2Fields, openStream } from './http2-stream.js';
import { judge, wantedBy } from './http-wanted.js';
import { guard } from './guard.js';
import { certificateEnd, openSocket } from './socket.js';
import { authority, type TargetOf } from './target.js';
import { tlsOptions } from './tls-client.js';

const protocol = 'h2';

/** Sends a request by HTTP/2 over TLS and judges the answer. */
export function askHttp2(attempt: Attempt, target: TargetOf<'http'>, host: string | undefined): void {
  const { check, address } = target;
  if (check.tls === undefined) throw new TypeError('HTTP/2 without TLS');
  const tls = tlsOptions(check.tls, host, address, [protocol]);
  openSocket(attempt, target, tls, (socket) => {
    if (socket instanceof TLSSocket && socket.alpnProtocol === protocol) {
      request(attempt, target, host ?? authority(target), socket);
    } else attempt.end({ kind: 'said-no', reason: 'does not speak HTTP/2' });
  });
}

function request(attempt: Attempt, { check }: TargetOf<'http'>, host: string, socket: TLSSocket): void {
  const wanted = wantedBy(check);
  const certificateEnds = certificateEnd(socket);
  const stream = openStream(attempt, socket, {
    'user-agent': 'ipvsadm',
    accept: '*/*',
    'accept-encoding': 'identity',
    ...http2Fields(check.headers),
    ':method': check.method,
    ':path': check.path,
    ':scheme': 'https',
    ':authority': host,
  });
  let answer: IncomingHttpHeaders = {};
  const pieces: Buffer[] = [];
  let length = 0;
  const look = (isWhole: boolean): void => {
    const outcome = judge(wanted, {
      status: Number(answer[':status']),
      header: (name) => [answer[name]].flat().join(', '),
      body: isWhole ? Buffer.concat(pieces).subarray(0, check.bodyLimit) : undefined,
    });
    if (outcome === undefined) return;
    attempt.end(outcome.kind !== 'pass' || certificateEnds === undefined ? outcome : { ...outcome, certificateEnds });
  };
  stream.on('response', (headers) => {
    guard(attempt, () => {
      answer = headers;
      look(false);
    });
  });
  stream.on('data', (chunk: Buffer) => {
    guard(attempt, () => {
      pieces.push(chunk);
      length += chunk.length;
      if (length >= check.bodyLimit) look(true);
    });
  });
  stream.on('end', () => {
    guard(attempt, () => {
      if (answer[':status'] !== undefined) look(true);
    });
  });
}
