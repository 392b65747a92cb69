import { Captured } from './captured.js';
import type { Invocation, Program, Result } from './reference.js';
import { runMain } from './run-main.js';

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
    for (const invocation of invocations) results.push(await runInTime(invocation));
    return results;
  }
}

async function runInTime({ argv, ...surroundings }: Invocation): Promise<Result> {
  const stdout = new Captured();
  const stderr = new Captured();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<number>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`main took longer than ${runSeconds} s`));
    }, runSeconds * 1000);
  });
  try {
    const status = await Promise.race([runMain(argv, stdout, stderr, surroundings), limit]);
    return { stdout: stdout.bytes, stderr: stderr.bytes + warnings.splice(0).join(''), status };
  } catch (error) {
    // main promises a status whatever happens; a stack trace in place of it makes the case fail with the reason in sight.
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { stdout: stdout.bytes, stderr: `${stderr.bytes}main threw ${trace}\n`, status: -1 };
  } finally {
    clearTimeout(timer);
  }
}
