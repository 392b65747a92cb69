import type { Io } from '../ports/io.js';

/** Whether to colour the output: on a terminal or with FORCE_COLOR, never with NO_COLOR. */
export function wantsColour({ stdout, env }: Io): boolean {
  const set = (name: string): boolean => (env[name] ?? '') !== '';
  const wanted = set('FORCE_COLOR') || (stdout.isTerminal && env['TERM'] !== 'dumb');
  return wanted && !set('NO_COLOR');
}
