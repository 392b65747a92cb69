import type { ParseContext } from '../grammar/parse.js';
import type { Io } from '../ports/io.js';

/** What parsing a command line depends on beside its words. */
export function parseContext(io: Io, restoring: boolean): ParseContext {
  const posixlyCorrect = io.env['POSIXLY_CORRECT'] !== undefined || io.env['POSIX_ME_HARDER'] !== undefined;
  return {
    get programName() {
      return io.programName;
    },
    posixlyCorrect,
    restoring,
  };
}
