import { systemErrorText } from '../cli/classic/errno-text.js';
import { IpvsError } from '../errors.js';

/** Input could not be read. */
export class InputError extends IpvsError {
  override readonly name = 'InputError';

  constructor(what: string, cause: unknown) {
    super('IPVS_INPUT', `can't read ${what}: ${systemErrorText(cause)}`, { cause });
  }
}
