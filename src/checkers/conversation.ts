import type { Socket } from 'node:net';
import { TLSSocket, type ConnectionOptions } from 'node:tls';
import type { CheckTarget, Outcome, Passed } from '../health/outcome.js';
import type { Attempt } from './attempt.js';
import { guard } from './guard.js';
import { certificateEnd, openSocket, secure } from './socket.js';

/** Milliseconds that a server may take to close a connection, too, before it is closed regardless. */
const patience = 200;

/** Bytes that are read and dropped meanwhile: to close before they are read would reset the connection. */
const dropped = 1 << 18;

/**
 * How a connection ends. `shutdown`: our side is closed first. `await`: the server was asked to close it, and might take a closed
 * side for a client that has gone away. `reset`: at once, so that no port is kept; with TLS it is closed at once.
 */
export type Closing = 'shutdown' | 'await' | 'reset';

/** Who hears what a server says. */
export interface Listener {
  /** Connected, with TLS where it was asked for. Left out: the server speaks first. */
  ready?(conversation: Conversation): void;
  data(chunk: Buffer, conversation: Conversation): void;
  /** The server sends no more. */
  ended(conversation: Conversation): void;
}

/** Bytes to and from a server, until the outcome is known. */
export class Conversation {
  readonly #attempt: Attempt;
  readonly #listener: Listener;
  #socket: Socket;
  #certificateEnds: number | undefined;
  #droppedBytes = 0;

  constructor(attempt: Attempt, listener: Listener, socket: Socket) {
    this.#attempt = attempt;
    this.#listener = listener;
    this.#socket = socket;
    this.#listen(socket);
  }

  write(data: string | Buffer, written?: () => void): void {
    this.#socket.write(data, () => {
      if (written !== undefined) guard(this.#attempt, written);
    });
  }

  /** Goes on in TLS. */
  startTls(options: ConnectionOptions, secured: () => void): void {
    secure(this.#attempt, this.#socket, options, (socket) => {
      this.#socket = socket;
      this.#listen(socket);
      secured();
    });
  }

  /** Ends it; what comes after that is dropped. */
  finish(outcome: Outcome, closing: Closing): void {
    const socket = this.#socket;
    if (closing === 'reset' && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
    if (closing === 'reset' || socket.readableEnded) {
      this.#attempt.end(outcome);
      return;
    }
    this.#attempt.settle(() => outcome, patience);
    if (closing === 'shutdown') socket.end();
  }

  /** Ends it as a success. */
  pass(passed: Omit<Passed, 'kind'>, closing: Closing): void {
    const certificateEnds = this.#certificateEnds;
    this.finish({ kind: 'pass', ...passed, ...(certificateEnds === undefined ? {} : { certificateEnds }) }, closing);
  }

  /** Ends it because the answer is not as it should be. */
  sayNo(reason: string, closing: Closing): void {
    this.finish({ kind: 'said-no', reason }, closing);
  }

  #listen(socket: Socket): void {
    this.#certificateEnds = certificateEnd(socket);
    socket.on('data', (chunk: Buffer) => {
      this.#hear(chunk);
    });
    socket.on('end', () => {
      if (this.#attempt.isSettled) return;
      guard(this.#attempt, () => {
        this.#listener.ended(this);
      });
    });
  }

  #hear(chunk: Buffer): void {
    if (this.#attempt.isSettled) {
      this.#droppedBytes += chunk.length;
      if (this.#droppedBytes > dropped) this.#attempt.conclude();
      return;
    }
    try {
      this.#listener.data(chunk, this);
    } catch (cause) {
      this.#attempt.fail(cause);
    }
  }
}

/** Connects to the target, with TLS where there are options for it. */
export function converse(
  attempt: Attempt,
  target: CheckTarget,
  listener: Listener,
  tls?: ConnectionOptions,
  refused?: Passed,
): void {
  openSocket(
    attempt,
    target,
    tls,
    (socket) => {
      const conversation = new Conversation(attempt, listener, socket);
      listener.ready?.(conversation);
    },
    refused,
  );
}
