import type { Transport } from '../../../src/ports/transport.js';
import { TransportError } from '../../../src/errors.js';
import { captures } from '../wire/captures.js';
import { bytesOf } from './hexadecimal.js';
import { requestsOf, resultMessage, withSequence, type RequestBytes } from './netlink-bytes.js';

/** What comes back for a datagram: other datagrams, each made when it is read, or what the system says in place of one. */
export type Answer = (requests: readonly RequestBytes[]) => Iterable<Uint8Array | Error>;

const anyCommand = 'ipvsadm -A -t 10.0.0.1:80';

/** The same where all is there at once. */
export type PromptAnswer = (requests: readonly RequestBytes[]) => readonly (Uint8Array | Error)[];

/** GENL_ID_CTRL: the family that knows the numbers of all others. */
const controller = 0x10;

/**
 * A kernel that replies to each datagram as it was told to, and notes what it was asked. Its timing is the real one's:
 * the reply is there when `send` returns, and a piece of a dump is made when the one before is read. All replies are in
 * the same memory, which holds rubbish in between.
 */
export class ScriptedKernel implements Transport {
  /** The requests of each datagram, without those for the number of the family after the first. */
  readonly asked: (readonly RequestBytes[])[] = [];
  closed = 0;
  /** What a request for the number of the family gets that is not the first one. */
  familyReply: Answer = captured(anyCommand, 3);
  readonly #script: Answer[];
  readonly #arrived: Iterator<Uint8Array | Error>[] = [];
  readonly #memory = new Uint8Array(32768);

  constructor(...script: Answer[]) {
    this.#script = script;
  }

  send(datagram: Uint8Array): void {
    this.#memory.fill(0xff);
    if (this.closed > 0) throw new TransportError('the netlink socket is closed');
    const requests = requestsOf(datagram);
    this.#arrived.push(this.#answer(requests)(requests)[Symbol.iterator]());
  }

  #answer(requests: readonly RequestBytes[]): Answer {
    if (this.asked.length > 0 && requests[0]?.family === controller) return this.familyReply;
    this.asked.push(requests);
    const answer = this.#script.shift();
    if (answer === undefined) throw new Error(`nothing was to be asked any more: ${JSON.stringify(requests)}`);
    return answer;
  }

  receive(): Uint8Array | undefined {
    this.#memory.fill(0xff);
    if (this.closed > 0) throw new TransportError('the netlink socket is closed');
    let next = this.#arrived[0]?.next();
    while (next?.done === true) {
      this.#arrived.shift();
      next = this.#arrived[0]?.next();
    }
    if (next === undefined) return undefined;
    if (next.value instanceof Error) throw next.value;
    this.#memory.set(next.value);
    return this.#memory.subarray(0, next.value.length);
  }

  close(): void {
    this.#memory.fill(0xff);
    this.closed++;
  }
}

/** The sequence number of the last request: the one that is always answered. */
export function lastOf(requests: readonly RequestBytes[]): number {
  return requests.at(-1)?.sequence ?? 0;
}

/** The kernel's captured answers to a command's request. */
export function captured(command: string, request: number, index = 0): PromptAnswer {
  const found = captures.filter(
    (capture) => capture.command === command && requestsOf(bytesOf(capture.request))[0]?.command === request,
  );
  const capture = found[index];
  if (capture === undefined) throw new Error(`no capture of ${command}, request ${request}, number ${index}`);
  return (requests) => capture.replies.map((reply) => withSequence(bytesOf(reply), lastOf(requests)));
}

/** Everything was carried out. */
export const carriedOut: PromptAnswer = (requests) => [resultMessage(lastOf(requests), 0)];

/** Refuses requests of a datagram: error numbers by position, the others are carried out. */
export function refusing(errnoByPosition: Readonly<Record<number, number>>): PromptAnswer {
  return (requests) =>
    requests.flatMap(({ sequence }, position) => {
      const errno = errnoByPosition[position] ?? 0;
      return errno !== 0 || sequence === lastOf(requests) ? [resultMessage(sequence, errno)] : [];
    });
}

/** An answer of data, and then that the request was carried out: the captures hold it apart. */
export function acknowledged(answer: PromptAnswer): PromptAnswer {
  return (requests) => [...answer(requests), resultMessage(lastOf(requests), 0)];
}

/** The family has a number, and IPVS a version: what every conversation starts with. */
export const opening: readonly PromptAnswer[] = [captured(anyCommand, 3), acknowledged(captured(anyCommand, 15))];

/** A kernel with IPVS that answers what follows the opening as it was told to. */
export function kernelWithIpvs(...script: Answer[]): ScriptedKernel {
  return new ScriptedKernel(...opening, ...script);
}
