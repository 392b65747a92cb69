import type { Transport } from '../ports/transport.js';
import { describeMessages } from '../wire/describe.js';

/** A socket that also logs what goes over it, a message on a line: `->` to the kernel, `<-` from it. */
export function debugTransport(transport: Transport, log: (line: string) => void): Transport {
  const logAll = (direction: string, datagram: Uint8Array): void => {
    for (const line of describeMessages(datagram)) log(`${direction} ${line}`);
  };
  return {
    send: (datagram) => {
      logAll('->', datagram);
      transport.send(datagram);
    },
    receive: () => {
      const datagram = transport.receive();
      if (datagram !== undefined) logAll('<-', datagram);
      return datagram;
    },
    close: () => {
      transport.close();
    },
  };
}
