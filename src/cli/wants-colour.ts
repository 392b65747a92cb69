import type { Io } from '../ports/io.js';

/** Colour only for a person or where it is asked for, and never against their wish. */
export function wantsColour({ stdout, env }: Io): boolean {
  const set = (name: string): boolean => (env[name] ?? '') !== '';
  const wanted = set('FORCE_COLOR') || (stdout.isTerminal && env['TERM'] !== 'dumb');
  return wanted && !set('NO_COLOR');
}
