import { IpvsError } from '../errors.js';

/** Input could not be read. */
export class InputError extends IpvsError {
  override readonly name = 'InputError';
  constructor(what: string, cause: unknown) {
    super('IPVS_INPUT', `can't read ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
