import type { Transport } from '../ports/transport.js';
import { describeMessages } from '../wire/describe.js';

/** A transport that hands each message that goes over it to `log`, with the kernel's names: `->` sent, `<-` received. */
export function tracedTransport(transport: Transport, log: (text: string) => void): Transport {
  const trace = (direction: string, datagram: Uint8Array): void => {
    for (const message of describeMessages(datagram)) log(`${direction} ${message}`);
  };
  return {
    send(datagram) {
      trace('->', datagram);
      transport.send(datagram);
    },
    receive() {
      const datagram = transport.receive();
      if (datagram !== undefined) trace('<-', datagram);
      return datagram;
    },
    close() {
      transport.close();
    },
  };
}
