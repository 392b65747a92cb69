import { IpvsClient } from '../../src/client/client.js';
import type { Transport } from '../../src/ports/transport.js';
import { bytesOf } from '../unit/support/hexadecimal.js';
import { attribute, dataMessage, doneMessage, resultMessage, requestsOf } from '../unit/support/netlink-bytes.js';
import { captured, lastOf } from '../unit/support/scripted-kernel.js';
import { captures } from '../unit/wire/captures.js';
import { assertProperError, type Kind } from './kind.js';
import { mutateBytes } from './mutate.js';
import type { Random } from './random.js';

const replies = captures.flatMap((capture) => capture.replies.map(bytesOf));

/** struct nlmsghdr. */
const headerLength = 16;

/** What a client can be asked that is answered with data. */
const questions = [
  (client: IpvsClient) => client.services(),
  (client: IpvsClient) => client.servers({ family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 }),
  (client: IpvsClient) => client.servers({ family: 'inet6', fwmark: 7 }),
  (client: IpvsClient) => client.service({ family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 }),
  (client: IpvsClient) => client.syncDaemons(),
  (client: IpvsClient) => client.timeouts(),
] as const;

/** A kernel that replies to the opening as it should, and to what follows with the same datagrams each time. */
class OddKernel implements Transport {
  readonly #opening = [captured('ipvsadm -A -t 10.0.0.1:80', 3), captured('ipvsadm -A -t 10.0.0.1:80', 15)];
  readonly #datagrams: readonly Uint8Array[];
  #arrived: Uint8Array[] = [];

  constructor(datagrams: readonly Uint8Array[]) {
    this.#datagrams = datagrams;
  }

  send(datagram: Uint8Array): void {
    const requests = requestsOf(datagram);
    const sequence = lastOf(requests);
    const opening = this.#opening
      .shift()?.(requests)
      .filter((reply) => reply instanceof Uint8Array);
    this.#arrived = [
      ...(opening ?? this.#datagrams.map((reply) => numbered(reply, sequence))),
      ...(opening === undefined ? [doneMessage(sequence)] : []),
      resultMessage(sequence, 0),
    ];
  }

  receive(): Uint8Array | undefined {
    return this.#arrived.shift();
  }

  close(): void {
    this.#arrived = [];
  }
}

/** A datagram with that sequence number in each message whose header is there. */
function numbered(datagram: Uint8Array, sequence: number): Uint8Array {
  const bytes = Buffer.from(datagram);
  for (let at = 0; at + headerLength <= bytes.length;) {
    bytes.writeUInt32LE(sequence, at + 8);
    // A length that is too small or not there would never come to an end.
    at += Math.max(headerLength, (bytes.readUInt32LE(at) + 3) & ~3);
  }
  return bytes;
}

function oddAttributes(random: Random, depth: number): Uint8Array {
  const parts = Array.from({ length: random.below(8) }, () => {
    const type = random.pick([random.below(24), random.below(65536)]);
    const nested = depth > 0 && random.once(2);
    return attribute(
      nested ? type | 0x8000 : type,
      nested ? oddAttributes(random, depth - 1) : random.bytes(random.below(24)),
    );
  });
  return Buffer.concat(parts);
}

function oddDatagram(random: Random): Uint8Array {
  switch (random.below(8)) {
    case 0:
      return random.bytes(random.below(200));
    case 1:
      return dataMessage(0, 24, oddAttributes(random, 2));
    case 2:
      return random.pick(replies);
    default:
      return mutateBytes(random.pick(replies), random);
  }
}

/** Datagrams of replies, as they are and as no kernel sends them. The first byte is the question. */
export const repliesKind: Kind = {
  name: 'replies',
  cases: 1_000_000,
  generate(random) {
    const datagrams = Array.from({ length: 1 + random.below(3) }, () => oddDatagram(random));
    const parts = datagrams.flatMap((datagram) => [
      Uint8Array.of(datagram.length & 255, datagram.length >>> 8),
      datagram,
    ]);
    return Buffer.concat([Uint8Array.of(random.below(questions.length)), ...parts]);
  },
  async run(input) {
    const datagrams: Uint8Array[] = [];
    for (let at = 1; at + 2 <= input.length;) {
      const end = at + 2 + (input[at] ?? 0) + ((input[at + 1] ?? 0) << 8);
      datagrams.push(input.slice(at + 2, end));
      at = end;
    }
    const client = await IpvsClient.connect(new OddKernel(datagrams));
    try {
      await questions[input[0] ?? 0]?.(client);
    } catch (error) {
      assertProperError(error);
    } finally {
      client.close();
    }
  },
};
