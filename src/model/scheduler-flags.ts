import { ValueError } from '../errors.js';
import { schedulerFlagNames, type SchedulerFlag, type VirtualService } from './service.js';

/** The flags of a service's scheduler by the names that they have for it, as `-b` accepts them. */
export function schedulerFlagWords({ scheduler, schedulerFlags }: VirtualService): string[] {
  return schedulerFlags.map(
    (flag) => schedulerFlagNames.find((row) => row.flag === flag && row.scheduler === scheduler)?.name ?? flag,
  );
}

/** The flag that a name stands for with a scheduler. @throws {ValueError} where it has none of that name. */
export function schedulerFlagOf(name: string, scheduler: string): SchedulerFlag {
  const rows = schedulerFlagNames.filter((row) => row.name === name);
  const row = rows.find((one) => one.scheduler === undefined || one.scheduler === scheduler);
  if (row !== undefined) return row.flag;
  const names = schedulerFlagNames.map((one) => one.name).join(', ');
  throw new ValueError(
    rows.length === 0
      ? `unknown scheduler flag ${name}; known are ${names}`
      : `${name} is a flag of another scheduler than ${scheduler}`,
  );
}
