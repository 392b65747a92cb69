import { createMachine } from '../../src/edge/machine.js';
import { createNameResolver } from '../../src/names/system-resolver.js';
import { main } from '../../src/main.js';
import { Captured } from './captured.js';
import type { Invocation, Program, Result } from './reference.js';

/** A run that takes longer hangs. */
const runSeconds = 30;

/** Node writes its warnings past `io` to the real standard error: a person would see them, so they count as output. */
const warnings: string[] = [];
process.on('warning', ({ name, message }) => {
  warnings.push(`${name}: ${message}\n`);
});

/** Our program, run in this process: a start of Node for every case would take minutes in all. */
export class Ours implements Program {
  readonly name = 'ours';

  async run(invocations: readonly Invocation[]): Promise<Result[]> {
    const results: Result[] = [];
    for (const invocation of invocations) results.push(await runMain(invocation));
    return results;
  }
}

async function runMain(invocation: Invocation): Promise<Result> {
  const stdout = new Captured();
  const stderr = new Captured();
  const io = {
    programName: invocation.programName ?? 'ipvsadm',
    env: invocation.env ?? {},
    stdin: input(invocation.stdin),
    stdout,
    stderr,
    names: createNameResolver(),
    machine: createMachine(),
  };
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<number>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`main took longer than ${runSeconds} s`));
    }, runSeconds * 1000);
  });
  try {
    const status = await Promise.race([main(invocation.argv, io), limit]);
    return { stdout: stdout.bytes, stderr: stderr.bytes + warnings.splice(0).join(''), status };
  } catch (error) {
    // main promises a status whatever happens; a stack trace in place of it makes the case fail with the reason in sight.
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { stdout: stdout.bytes, stderr: `${stderr.bytes}main threw ${trace}\n`, status: -1 };
  } finally {
    clearTimeout(timer);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is what main reads, even if all is here already
async function* input(stdin: string | Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (stdin !== undefined && stdin.length > 0) yield Buffer.from(stdin);
}
