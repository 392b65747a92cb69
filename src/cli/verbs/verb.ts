import type { Argv } from 'yargs';
import type { Session } from '../../command/session.js';
import type { VerbName } from './names.js';

/** A verb: what it takes, and what it does. */
export interface Verb<T> {
  readonly name: VerbName;
  /** Declares options and examples. */
  readonly options: (parser: Argv) => Argv<T>;
  /** @returns the exit status. */
  readonly run: (session: Session, options: T) => Promise<number>;
}
