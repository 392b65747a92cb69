import type { Io } from '../../io.js';
export async function runVerb(_argv: readonly string[], io: Io): Promise<number> {
  await io.stderr.write('');
  return 2;
}
