import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMachine } from '../../src/edge/machine.js';
import type { RequestInput } from '../../src/director/requests.js';
import type { ServerView, Snapshot } from '../../src/director/snapshot.js';

/** The program as it is published. */
const program = resolve('dist/bin/ipvsadm.cjs');

/** What does not come within this time, in milliseconds, does not come. */
const patience = 60_000;

/** `ipvsadm run` as a process of its own on the director. */
export class DaemonProcess {
  readonly name: string;
  readonly #child: ChildProcessByStdio<null, null, Readable>;
  readonly #ended: Promise<number | NodeJS.Signals>;
  #log = '';

  private constructor(name: string, words: readonly string[]) {
    this.name = name;
    this.#child = spawn(process.execPath, [program, 'run', ...words], { stdio: ['ignore', 'inherit', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
    this.#ended = once(this.#child, 'close').then(([status, signal]) => (status ?? signal) as number | NodeJS.Signals);
  }

  /** Where the document of a daemon is. */
  static fileOf(name: string): string {
    return join('/run', `${name}.yaml`);
  }

  /** Writes the document and starts a daemon of that name, which begins. */
  static launch(name: string, document: string, ...words: readonly string[]): DaemonProcess {
    writeFileSync(DaemonProcess.fileOf(name), document);
    return new DaemonProcess(name, [...words, DaemonProcess.fileOf(name)]);
  }

  /** The same, and waits until it is ready: first checks are over. */
  static async start(name: string, document: string, ...words: readonly string[]): Promise<DaemonProcess> {
    const daemon = DaemonProcess.launch(name, document, ...words);
    await daemon.says(/^ready$/m);
    return daemon;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} was not started`);
    return this.#child.pid;
  }

  /** What it has said so far. */
  get log(): string {
    return this.#log;
  }

  /** Forgets what it has said, so that `says` hears only what comes. */
  forget(): void {
    this.#log = '';
  }

  /** Waits until it says something. @throws {Error} with what it said instead. */
  async says(text: RegExp): Promise<void> {
    const deadline = performance.now() + patience;
    while (!text.test(this.#log)) {
      if (performance.now() > deadline || this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`${this.name} did not say ${String(text)}, but:\n${this.#log}`);
      await sleep(20);
    }
  }

  /** Resolves with its exit status, or with the signal that ended it. */
  get ended(): Promise<number | NodeJS.Signals> {
    return this.#ended;
  }

  /** Sends it a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it by a signal, and waits for that. @returns its exit status, or the signal. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal(signal);
    return this.#ended;
  }

  /** Writes another document; nobody has told the daemon yet. */
  write(document: string): void {
    writeFileSync(DaemonProcess.fileOf(this.name), document);
  }

  /** Asks it at its socket. @throws {StateError} with its refusal. */
  async ask(request: RequestInput): Promise<unknown> {
    return createMachine().control.ask(`run-${this.name}`, request);
  }

  /** A server as it sees it. @param server the end of its name, such as `10.0.0.21:80`. */
  async server(server: string): Promise<ServerView> {
    const { services } = (await this.ask({ do: 'checks' })) as Snapshot;
    const found = services.flatMap(({ servers }) => servers).find((one) => one.server.endsWith(`/${server}`));
    if (found === undefined) throw new Error(`${this.name} has no ${server}`);
    return found;
  }
}
