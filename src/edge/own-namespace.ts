// Which network namespace this process is in, and since when that is known to be there.

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** This process' network namespace, as a file. */
const ownFile = '/proc/self/ns/net';

/** Processes start at a tick, and files are written at the time of the last one: no difference below counts. */
const slack = 1000;

/** Ticks of /proc/PID/stat in a second, on every architecture that Node runs on: USER_HZ of the kernel. */
const ticksPerSecond = 100;

/** A network namespace. */
export interface OwnNamespace {
  /** Its number; the kernel gives it to another one as soon as this one is gone. */
  inode(): number;
  /**
   * Whether what was written at a time can be of this namespace: false where the namespace is not known to have been there
   * then, so that it was of an earlier one with the same number.
   * @param time milliseconds since 1970.
   */
  wasThere(time: number): boolean;
}

/** The network namespace of this process. */
export const ownNamespace: OwnNamespace = {
  inode: () => statSync(ownFile).ino,
  wasThere(time) {
    const own = linkOf('self');
    // The first process' namespace is as old as what is in /run. Whoever may not look there takes all for its own.
    const first = linkOf('1');
    if (first === own || first === undefined) return true;
    // A mount, or an open file, keeps the inode as it was made; without one it is made anew by each look at it.
    if (statSync(ownFile).ctimeMs <= time + slack) return true;
    return startOfOldest(own) <= time + slack;
  },
};

function linkOf(process: string): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    // It has ended, or is not to be looked at.
    return undefined;
  }
}

/** When the oldest process in a namespace was started, in milliseconds since 1970. */
function startOfOldest(namespace: string | undefined): number {
  const uptime = Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));
  const boot = Date.now() - 1000 * uptime;
  const starts = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && linkOf(name) === namespace)
    .map((name) => boot + (1000 * startTicks(name)) / ticksPerSecond);
  return Math.min(...starts);
}

/** When a process was started, in ticks since the kernel was. */
function startTicks(process: string): number {
  try {
    // The name of the program, in brackets, may have anything in it.
    const [, fields = ''] = /^.*\)(.*)$/s.exec(readFileSync(`/proc/${process}/stat`, 'latin1')) ?? [];
    // It is the 22nd field; the first of these is the third.
    return Number(fields.trim().split(' ')[19]);
  } catch {
    // It has ended since it was listed.
    return Infinity;
  }
}
