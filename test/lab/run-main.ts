import { createMachine } from '../../src/edge/machine.js';
import type { Io, Machine } from '../../src/ports/io.js';
import { main } from '../main.js';
import { createNameResolver } from '../../src/edge/system-resolver.js';
import { Captured } from './captured.js';

/** What a run is given beside its words. */
export interface Surroundings {
  readonly programName?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Replaces parts of the machine. */
  readonly machine?: Partial<Machine>;
}

/** Who hears what is written to the standard error output. */
export interface Audience {
  /** Whether a person watches it. */
  readonly isTerminal?: boolean;
  /** Told of everything that is written there. */
  readonly onStderr?: (text: string) => void;
}

/** Runs ipvsadm in this process, and keeps what it writes as bytes. */
export async function runMain(
  argv: readonly string[],
  stdout: Captured,
  stderr: Captured,
  { programName = 'ipvsadm', env = {}, stdin = '', machine = {} }: Surroundings = {},
): Promise<number> {
  const io: Io = {
    programName,
    env,
    stdin: typeof stdin === 'string' || stdin instanceof Uint8Array ? input(stdin) : stdin,
    stdout,
    stderr,
    names: createNameResolver(),
    machine: { ...createMachine(), ...machine },
  };
  return main(argv, io);
}

/** The same for texts. */
export async function ipvsadm(
  argv: readonly string[],
  { isTerminal = false, onStderr, ...surroundings }: Surroundings & Audience = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const stdout = new Captured();
  const stderr = new Captured({ isTerminal, columns: isTerminal ? 100 : undefined, heard: onStderr });
  const status = await runMain(argv, stdout, stderr, surroundings);
  return { status, stdout: stdout.text, stderr: stderr.text };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is what main reads, even if all is here already
async function* input(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  if (text.length > 0) yield Buffer.from(text);
}
