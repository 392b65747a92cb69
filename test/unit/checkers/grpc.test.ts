import assert from 'node:assert/strict';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { describe, test } from 'node:test';
import { decodeHealthResponse, encodeHealthRequest } from '../../../src/checkers/grpc-message.js';
import { answer, ask, closedPort, listen, serve } from './support.js';

const head = { ':status': 200, 'content-type': 'application/grpc' } as const;

/** Answers with these bytes and that status of gRPC. */
function say(stream: ServerHttp2Stream, hexadecimal: string, status = '0'): void {
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': status });
  });
  stream.end(Buffer.from(hexadecimal, 'hex'));
}

describe('a grpc check', () => {
  const cases: readonly [name: string, treat: (stream: ServerHttp2Stream) => void, outcome: string][] = [
    [
      'SERVING',
      (stream) => {
        say(stream, '00000000020801');
      },
      'pass: SERVING',
    ],
    [
      'NOT_SERVING',
      (stream) => {
        say(stream, '00000000020802');
      },
      'said-no: says NOT_SERVING',
    ],
    [
      'no state',
      (stream) => {
        say(stream, '0000000000');
      },
      'said-no: says UNKNOWN',
    ],
    [
      'a state of the future',
      (stream) => {
        say(stream, '00000000020809');
      },
      'said-no: says state 9',
    ],
    [
      'half a message',
      (stream) => {
        say(stream, '000000000208');
      },
      'said-no: says nothing about its health',
    ],
    [
      'a failure after it',
      (stream) => {
        say(stream, '00000000020801', '14');
      },
      'said-no: gRPC status 14',
    ],
    [
      'an unknown service',
      (stream) => {
        stream.respond({ ...head, 'grpc-status': '5' }, { endStream: true });
      },
      'said-no: does not know the service',
    ],
    [
      'a reason',
      (stream) => {
        stream.respond({ ...head, 'grpc-status': '13', 'grpc-message': 'oops' }, { endStream: true });
      },
      'said-no: gRPC status 13: oops',
    ],
    [
      'no gRPC',
      (stream) => {
        stream.respond({ ':status': 404 }, { endStream: true });
      },
      'said-no: not an answer of gRPC: HTTP 404 ""',
    ],
    [
      'too much',
      (stream) => {
        say(stream, '00'.repeat(5000));
      },
      'said-no: its answer is too long',
    ],
    [
      'a reset',
      (stream) => {
        stream.close(7);
      },
      'said-no: HTTP/2: Stream closed with error code NGHTTP2_REFUSED_STREAM',
    ],
    [
      'the end of the connection',
      (stream) => {
        stream.session?.destroy();
      },
      'unreachable: closed the connection without a whole answer',
    ],
    ['silence', () => undefined, 'unreachable: no answer within 0.2 s'],
  ];
  for (const [name, treat, outcome] of cases) {
    test(`is answered with ${name}`, async (t) => {
      const server = createServer();
      server.on('stream', (stream) => {
        stream.on('error', () => undefined);
        treat(stream);
      });
      assert.equal(await ask({ type: 'grpc', timeout: 0.2 }, await listen(t, server)), outcome);
    });
  }

  test('asks for the service', async (t) => {
    let request = '';
    const server = createServer();
    server.on('stream', (stream, headers) => {
      const bytes: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => bytes.push(chunk));
      stream.on('end', () => {
        request = `${headers[':method']} ${headers[':path']} ${Buffer.concat(bytes).toString('hex')}`;
        say(stream, '00000000020801');
      });
    });
    assert.equal(await ask({ type: 'grpc', service: 'shop' }, await listen(t, server)), 'pass: SERVING');
    assert.equal(request, 'POST /grpc.health.v1.Health/Check 00000000060a0473686f70');
  });

  test('meets servers that speak something else, or nothing', async (t) => {
    assert.equal(await ask({ type: 'grpc' }, await closedPort()), 'unreachable: refused the connection');
    assert.match(
      await ask({ type: 'grpc' }, await answer(t, 'HTTP/1.1 400 Bad Request\r\n\r\n')),
      /^said-no: HTTP\/2: /,
    );
    const mute = await serve(t, () => undefined);
    assert.equal(await ask({ type: 'grpc', timeout: 0.1 }, mute), 'unreachable: no answer within 0.1 s');
  });
});

test("a response's other fields are passed over", () => {
  const decode = (hexadecimal: string): number | undefined => decodeHealthResponse(Buffer.from(hexadecimal, 'hex'));
  assert.equal(decode('000000000d12026869100519000000000000000008' + '02'.repeat(1)), undefined);
  assert.equal(decode('0000000008' + '12026869' + '1005' + '0801'), 1);
  assert.equal(decode('000000000b' + '190000000000000000' + '0803'), 3);
  assert.equal(decode('0000000002' + '0b01'), undefined);
  assert.equal(decode('0100000000'), undefined);
  assert.equal(decode('000000000b' + '08ffffffffffffffffffff'), undefined);
});

test('a long name of a service has a long length', () => {
  assert.equal(encodeHealthRequest('x'.repeat(300)).toString('hex', 0, 8), '000000012f0aac02');
});
