import type { Change } from '../model/change.js';
import { changeValues } from '../wire/convert.js';
import { commandAttributes } from '../wire/tables.js';
import { Writer } from '../wire/writer.js';

/**
 * Makes sure that all changes can be put into messages, so that none is sent before a later one turns out to be none.
 * @throws {ValueError} for the first that can't.
 */
export function checkChanges(changes: readonly Change[]): void {
  const writer = new Writer();
  for (const change of changes) {
    writer.clear();
    commandAttributes.encode(writer, changeValues(change).values);
  }
}
