import { setImmediate } from 'node:timers/promises';
import type { Transport } from '../../../src/ports/transport.js';
import { TransportError } from '../../../src/errors.js';
import { captures } from '../wire/captures.js';
import { bytesOf } from './hexadecimal.js';
import { requestsOf, resultMessage, withSequence, type RequestBytes } from './netlink-bytes.js';

/** What comes back for a datagram: other datagrams, or what the system says in place of one. */
export type Answer = (requests: readonly RequestBytes[]) => readonly (Uint8Array | Error)[];

/** A kernel that answers each datagram as it was told to, and notes what it was asked. */
export class ScriptedKernel implements Transport {
  /** The requests of each datagram. */
  readonly asked: (readonly RequestBytes[])[] = [];
  closed = 0;
  readonly #script: Answer[];
  readonly #arrived: (Uint8Array | Error)[] = [];
  #waiting: ((error: Error) => void) | undefined;

  constructor(...script: Answer[]) {
    this.#script = script;
  }

  send(datagram: Uint8Array): void {
    const requests = requestsOf(datagram);
    this.asked.push(requests);
    const answer = this.#script.shift();
    if (answer === undefined) throw new Error(`nothing was to be asked any more: ${JSON.stringify(requests)}`);
    this.#arrived.push(...answer(requests));
  }

  /** What has arrived, if anything has. */
  next(): Uint8Array | undefined {
    const next = this.#arrived.shift();
    if (next instanceof Error) throw next;
    if (next === undefined && this.closed > 0) throw new TransportError('the socket is closed');
    return next;
  }

  async receive(): Promise<Uint8Array> {
    await setImmediate();
    const next = this.next();
    if (next !== undefined) return next;
    return new Promise((_, reject) => {
      this.#waiting = reject;
    });
  }

  close(): void {
    this.closed++;
    this.#waiting?.(new TransportError('the socket is closed'));
  }
}

/** The same kernel with answers that are there at once, all in the same memory, which holds rubbish in between. */
export class PromptKernel implements Transport {
  readonly #kernel: ScriptedKernel;
  readonly #memory = new Uint8Array(32768);

  constructor(kernel: ScriptedKernel) {
    this.#kernel = kernel;
  }

  send(datagram: Uint8Array): void {
    this.#memory.fill(0xff);
    this.#kernel.send(datagram);
  }

  receive(): Uint8Array {
    this.#memory.fill(0xff);
    const next = this.#kernel.next();
    if (next === undefined) throw new Error('nothing has arrived');
    this.#memory.set(next);
    return this.#memory.subarray(0, next.length);
  }

  close(): void {
    this.#memory.fill(0xff);
    this.#kernel.close();
  }
}

/** The sequence number of the last request: the one that is always answered. */
export function lastOf(requests: readonly RequestBytes[]): number {
  return requests.at(-1)?.sequence ?? 0;
}

/** The kernel's captured answers to a command's request. */
export function captured(command: string, request: number, index = 0): Answer {
  const found = captures.filter(
    (capture) => capture.command === command && requestsOf(bytesOf(capture.request))[0]?.command === request,
  );
  const capture = found[index];
  if (capture === undefined) throw new Error(`no capture of ${command}, request ${request}, number ${index}`);
  return (requests) => capture.replies.map((reply) => withSequence(bytesOf(reply), lastOf(requests)));
}

/** Everything was carried out. */
export const carriedOut: Answer = (requests) => [resultMessage(lastOf(requests), 0)];

/** Refuses requests of a datagram: error numbers by position, the others are carried out. */
export function refusing(errnoByPosition: Readonly<Record<number, number>>): Answer {
  return (requests) =>
    requests.flatMap(({ sequence }, position) => {
      const errno = errnoByPosition[position] ?? 0;
      return errno !== 0 || sequence === lastOf(requests) ? [resultMessage(sequence, errno)] : [];
    });
}

/** An answer of data, and then that the request was carried out: the captures hold it apart. */
export function acknowledged(answer: Answer): Answer {
  return (requests) => [...answer(requests), resultMessage(lastOf(requests), 0)];
}

const anyCommand = 'ipvsadm -A -t 10.0.0.1:80';

/** The family has a number, and IPVS a version: what every conversation starts with. */
export const opening: readonly Answer[] = [captured(anyCommand, 3), acknowledged(captured(anyCommand, 15))];

/** A kernel with IPVS that answers what follows the opening as it was told to. */
export function kernelWithIpvs(...script: Answer[]): ScriptedKernel {
  return new ScriptedKernel(...opening, ...script);
}
