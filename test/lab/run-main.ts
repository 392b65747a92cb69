import { createMachine } from '../../src/edge/machine.js';
import type { Io, Machine } from '../../src/io.js';
import { main } from '../../src/main.js';
import { createNameResolver } from '../../src/names/system-resolver.js';
import { Captured } from './captured.js';

/** What a run is given beside its words. */
export interface Surroundings {
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Replaces parts of the machine. */
  readonly machine?: Partial<Machine>;
  /** Whether a person watches the standard error output. */
  readonly isTerminal?: boolean;
  /** Told of everything that is written there. */
  readonly onStderr?: (text: string) => void;
}

/** Runs ipvsadm in this process. */
export async function ipvsadm(
  argv: readonly string[],
  { stdin = '', machine = {}, isTerminal = false, onStderr }: Surroundings = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const stdout = new Captured();
  const stderr = new Captured({ isTerminal, columns: isTerminal ? 100 : undefined, heard: onStderr });
  const io: Io = {
    programName: 'ipvsadm',
    env: {},
    stdin: typeof stdin === 'string' || stdin instanceof Uint8Array ? input(stdin) : stdin,
    stdout,
    stderr,
    names: createNameResolver(),
    machine: { ...createMachine(), ...machine },
  };
  const status = await main(argv, io);
  return { status, stdout: stdout.text, stderr: stderr.text };
}

// eslint-disable-next-line @typescript-eslint/require-await -- all is here already
async function* input(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  if (text.length > 0) yield Buffer.from(text);
}
