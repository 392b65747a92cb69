import { Chalk, type ChalkInstance } from 'chalk';
import type { Io } from '../ports/io.js';
import { wantsColour } from './wants-colour.js';

/** What colours text, or leaves it alone. */
export function colours(io: Io): ChalkInstance {
  return new Chalk({ level: wantsColour(io) ? 1 : 0 });
}
