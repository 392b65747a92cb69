import { createSocket, type Socket } from 'node:dgram';
import type { CheckTarget } from '../health/outcome.js';
import type { Attempt } from './attempt.js';
import { guard } from './guard.js';
import { ipVersion } from './target.js';

/**
 * Sends a datagram from a socket that is connected, so that the host's refusals come back, and hears what is answered. Errors end
 * the attempt, and its end closes the socket.
 */
export function exchange(
  attempt: Attempt,
  target: CheckTarget,
  message: Uint8Array,
  received: (reply: Buffer) => void,
): void {
  const {
    address,
    port,
    check: { source },
  } = target;
  const version = ipVersion(target);
  const socket: Socket = createSocket({
    type: version === 4 ? 'udp4' : 'udp6',
    // Addresses are literals, which nobody has to look up.
    lookup: (host, _options, found) => {
      found(null, host, version);
    },
  });
  attempt.onEnd(() => {
    socket.close();
  });
  socket.on('error', (cause) => {
    attempt.fail(cause);
  });
  socket.on('message', (reply) => {
    guard(attempt, () => {
      received(reply);
    });
  });
  socket.once('connect', () => {
    guard(attempt, () => {
      socket.send(message);
    });
  });
  const connect = (): void => {
    guard(attempt, () => {
      socket.connect(port, address);
    });
  };
  if (source === undefined) connect();
  else socket.bind(0, source, connect);
}
