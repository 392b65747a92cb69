import { Chalk, type ChalkInstance } from 'chalk';
import type { Io } from '../ports/io.js';
import { wantsColour } from './wants-colour.js';

/** Functions that colour text, or leave it as it is where colour is not wanted. */
export function colours(io: Io): ChalkInstance {
  return new Chalk({ level: wantsColour(io) ? 1 : 0 });
}
