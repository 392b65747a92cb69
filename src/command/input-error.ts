import { errnoText } from '../cli/classic/errno-text.js';
import { IpvsError } from '../errors.js';

/** Input could not be read. */
export class InputError extends IpvsError {
  override readonly name = 'InputError';

  constructor(what: string, cause: unknown) {
    const errno =
      cause instanceof Error && 'errno' in cause && typeof cause.errno === 'number' ? cause.errno : undefined;
    super('IPVS_INPUT', `can't read ${what}: ${errno === undefined ? String(cause) : errnoText(-errno)}`, { cause });
  }
}
