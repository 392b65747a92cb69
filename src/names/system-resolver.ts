import { readFileSync } from 'node:fs';
import type { NameResolver } from './resolver.js';
import { parseServices, type ServiceNames } from './services-file.js';

/** Names by the C library's rules (nsswitch.conf, /etc/hosts, DNS) and /etc/services. */
export function createNameResolver(): NameResolver {
  let services: ServiceNames | undefined;
  const serviceNames = (): ServiceNames => (services ??= parseServices(readServices()));
  return {
    async hostAddress(name) {
      const { lookup } = await import('node:dns');
      return new Promise((resolve) => {
        lookup(name, { family: 4 }, (error, address, family) => {
          // A literal IPv6 address comes back as it is, whatever family was asked for.
          resolve(error === null && family === 4 ? address : undefined);
        });
      });
    },
    async hostName(address) {
      const { lookupService } = await import('node:dns');
      return new Promise((resolve) => {
        lookupService(address, 0, (error, name) => {
          resolve(error === null ? name : undefined);
        });
      });
    },
    servicePort: (name, protocol) => serviceNames().port(name, protocol),
    serviceName: (port, protocol) => serviceNames().name(port, protocol),
  };
}

/** A machine without the file has no names; that is no error. */
function readServices(): string {
  try {
    return readFileSync('/etc/services', 'utf8');
  } catch {
    return '';
  }
}
