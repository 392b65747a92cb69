import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Actions, Answer, Operation } from './protocol.js';

/** Built beside the suites: see scripts/build.mjs. */
const program = fileURLToPath(new URL('../cluster/traffic.agent.js', import.meta.url));

/** A process in the namespace of a host that makes connections, answers them and runs our program there. */
export class Agent {
  readonly #host: string;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: never) => void; reject: (reason: Error) => void }>();
  #serial = 0;

  constructor(host: string) {
    this.#host = host;
    const words = ['netns', 'exec', host, process.execPath, program];
    this.#process = spawn('ip', words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (answer: Answer) => {
      this.#settle(answer);
    });
    this.#process.once('exit', (status, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the agent of ${host} ended: ${signal ?? status ?? ''}`));
    });
  }

  /**
   * Asks the agent to do something.
   * @throws {Error} with the reason: an error code such as `ECONNREFUSED`, or a sentence.
   */
  ask<K extends Operation>(operation: K, argument: Actions[K]['argument']): Promise<Actions[K]['answer']> {
    const serial = ++this.#serial;
    return new Promise((resolve, reject) => {
      this.#waiting.set(serial, { resolve, reject });
      this.#process.send({ serial, operation, argument }, (error) => {
        if (error) reject(error);
      });
    });
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.serial);
    this.#waiting.delete(answer.serial);
    if ('failure' in answer) waiting?.reject(new Error(answer.failure, { cause: this.#host }));
    else waiting?.resolve(answer.answer as never);
  }

  close(): void {
    this.#process.disconnect();
  }
}
