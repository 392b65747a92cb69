import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlSockets } from '../ports/control.js';
import { ownNamespace, type OwnNamespace } from './own-namespace.js';
import { stateDirectory } from './state-files.js';

const ending = '.sock';

/**
 * The sockets of this network namespace. Who only looks whether there is one loads nothing of the network.
 * @param directory for tests; /run/ipvsadm by default.
 */
export function controlSockets(
  directory = stateDirectory,
  namespace: Pick<OwnNamespace, 'inode'> = ownNamespace,
): ControlSockets {
  const start = (): string => `${namespace.inode()}.`;
  const pathOf = (name: string): string => {
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name)) throw new RangeError(`no name of a socket: ${name}`);
    return join(directory, `${start()}${name}${ending}`);
  };
  return {
    list() {
      try {
        const known = start();
        return readdirSync(directory)
          .filter((file) => file.startsWith(known) && file.endsWith(ending))
          .map((file) => file.slice(known.length, -ending.length))
          .sort();
      } catch {
        // Nobody has made the directory.
        return [];
      }
    },
    serve: async (name, respond) => (await import('./control-exchange.js')).serveAt(pathOf(name), respond),
    ask: async (name, request, seconds = 30) =>
      (await import('./control-exchange.js')).askAt(pathOf(name), request, seconds),
  };
}
