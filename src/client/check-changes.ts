import type { Change } from '../model/change.js';
import { changeValues } from '../wire/convert.js';
import { commandAttributes } from '../wire/tables.js';
import { Writer } from '../wire/writer.js';

/** Messages that are written into one buffer before it is thrown away. */
const bufferSize = 1024;

/**
 * Makes sure that all changes can be put into messages, so that none is sent before a later one turns out to be none.
 * @throws {ValueError} for the first that can't.
 */
export function checkChanges(changes: readonly Change[]): void {
  let writer = new Writer(256 * Math.min(changes.length, bufferSize));
  for (const [index, change] of changes.entries()) {
    if (index % bufferSize === bufferSize - 1) writer = new Writer(256 * bufferSize);
    commandAttributes.encode(writer, changeValues(change).values);
  }
}
