import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { printable } from '../text/printable.js';

/** What the lock on the table is called in /proc/net/unix, after an @. */
export const tableLockName = 'ipvsadm/apply';

/** Characters of a process's words that are told. */
const longestCommand = 200;

/** A process that has a socket open. */
export interface SocketOwner {
  readonly pid: number;
  /** Its words, without control characters. */
  readonly command: string;
  /** Who runs it; 0 is root. */
  readonly user: number;
}

/**
 * Who has the abstract socket of that name open in this network namespace, by what the kernel says.
 * @param name without the zero byte before and after it.
 * @returns undefined where it can't be seen: in another PID namespace, or not ours to see.
 */
export function abstractSocketOwner(name: string): SocketOwner | undefined {
  try {
    const inode = socketInode(name);
    return inode === undefined ? undefined : ownerOf(`socket:[${inode}]`);
  } catch {
    // Without /proc nobody can tell.
    return undefined;
  }
}

function socketInode(name: string): string | undefined {
  for (const line of readFileSync('/proc/net/unix', 'latin1').split('\n')) {
    const [, , , , , , inode, path] = line.trim().split(/\s+/);
    // Zero bytes, also those that fill a name up, are shown as @.
    if (path?.startsWith('@') === true && path.replace(/^@|@+$/g, '') === name) return inode;
  }
  return undefined;
}

function ownerOf(socket: string): SocketOwner | undefined {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (!readdirSync(`/proc/${pid}/fd`).some((fd) => linkTarget(`/proc/${pid}/fd/${fd}`) === socket)) continue;
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return {
        pid: Number(pid),
        command: printable(words.join(' ').trim()).slice(0, longestCommand),
        user: statSync(`/proc/${pid}`).uid,
      };
    } catch {
      // It has ended, or is somebody else's.
    }
  }
  return undefined;
}

/** Undefined for a descriptor that was closed meanwhile. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
