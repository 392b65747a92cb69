import { readFileSync } from 'node:fs';
import { NoAnswerError, type NameResolver } from '../ports/resolver.js';
import { parseServices, type ServiceNames } from '../names/services-file.js';

/** The C library looks for the port's name too, and reads all of /etc/services for one that has none; this is the first. */
const firstPort = 1;

/** Names by the C library's rules (nsswitch.conf, /etc/hosts, DNS) and /etc/services. */
export function createNameResolver(): NameResolver {
  let services: ServiceNames | undefined;
  const serviceNames = (): ServiceNames => (services ??= parseServices(readServices()));
  return {
    async hostAddress(name) {
      if (name === '') return undefined;
      const { lookup } = await import('node:dns');
      return new Promise((resolve) => {
        lookup(name, { family: 4 }, (error, address, family) => {
          // A literal IPv6 address comes back as it is, whatever family was asked for.
          resolve(error === null && family === 4 ? address : undefined);
        });
      });
    },
    expect: prepareLookups,
    async hostName(address) {
      const { lookupService } = await import('node:dns');
      return new Promise((resolve, reject) => {
        lookupService(address, firstPort, (error, name) => {
          if (error === null || error.code === 'ENOTFOUND') resolve(error === null ? name : undefined);
          else reject(new NoAnswerError(error.message, { cause: error }));
        });
      });
    },
    servicePort: (name, protocol) => serviceNames().port(name, protocol),
    serviceName: (port, protocol) => serviceNames().name(port, protocol),
  };
}

/** Threads cost memory and time to make; beyond this they gain little, and in small virtual machines lose. */
const mostThreads = 128;

/**
 * The C library's look-ups block a thread each, and the process can't end before they do. So: a thread for each as far
 * as that goes (libuv gives half of them to look-ups), and little patience with a server that is silent. What the
 * administrator has set stays. Both are read when the first look-up starts.
 */
function prepareLookups(lookups: number): void {
  process.env['UV_THREADPOOL_SIZE'] ??= String(Math.min(mostThreads, 2 * lookups + 2));
  process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:1';
}

/** A machine without the file has no names; that is no error. */
function readServices(): string {
  try {
    return readFileSync('/etc/services', 'utf8');
  } catch {
    return '';
  }
}
