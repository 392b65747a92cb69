import { schedulerFlagNames, type VirtualService } from './service.js';

/** The flags of a service's scheduler by the names that they have for it, as `-b` accepts them. */
export function schedulerFlagWords({ scheduler, schedulerFlags }: VirtualService): string[] {
  return schedulerFlags.map(
    (flag) => schedulerFlagNames.find((row) => row.flag === flag && row.scheduler === scheduler)?.name ?? flag,
  );
}
