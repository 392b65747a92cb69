import { IpvsError } from '../../errors.js';

/**
 * `scan`: an option that can't be read; a restore goes on after it. `usage`: options or values that don't fit.
 * `try`: no command at all.
 */
export type UsageKind = 'scan' | 'usage' | 'try';

/** Exit status of each kind. */
export const usageStatus: Readonly<Record<UsageKind, number>> = { scan: 255, usage: 2, try: 255 };

/** The command line is wrong. The message is what the person reads. */
export class UsageError extends IpvsError {
  override readonly name = 'UsageError';
  readonly kind: UsageKind;

  constructor(kind: UsageKind, message: string) {
    super('IPVS_USAGE', message);
    this.kind = kind;
  }
}
