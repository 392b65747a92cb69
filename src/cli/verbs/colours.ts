import { Chalk, type ChalkInstance } from 'chalk';
import type { Io } from '../../io.js';

/** Colour only for a person or where it is asked for, and never against their wish. */
export function colours({ stdout, env }: Io): ChalkInstance {
  const set = (name: string): boolean => (env[name] ?? '') !== '';
  const wanted = set('FORCE_COLOR') || (stdout.isTerminal && env['TERM'] !== 'dumb');
  return new Chalk({ level: wanted && !set('NO_COLOR') ? 1 : 0 });
}
