import { readFileSync } from 'node:fs';
import { NoReplyError, type NameResolver } from '../ports/resolver.js';
import { parseServices, type ServiceNames } from '../names/services-file.js';

/** A look-up resolves a port too, and searches all of /etc/services for one without a name; this is the first entry. */
const firstPort = 1;

/** Names by the C library's rules (nsswitch.conf, /etc/hosts, DNS) and /etc/services. */
export function createNameResolver(): NameResolver {
  let services: ServiceNames | undefined;
  const serviceNames = (): ServiceNames => (services ??= parseServices(readServicesFile()));
  return {
    async hostAddresses(name) {
      if (name === '') return [];
      const { lookup } = await import('node:dns');
      return new Promise((resolve) => {
        lookup(name, { family: 4, all: true }, (error, found) => {
          // A literal IPv6 address comes back as it is, whatever family was asked for.
          const inet = error === null ? found.filter(({ family }) => family === 4) : [];
          resolve([...new Set(inet.map(({ address }) => address))]);
        });
      });
    },
    async hostName(address) {
      const { lookupService } = await import('node:dns');
      return new Promise((resolve, reject) => {
        lookupService(address, firstPort, (error, name) => {
          if (error === null || error.code === 'ENOTFOUND') resolve(error === null ? name : undefined);
          else reject(new NoReplyError(error.message, { cause: error }));
        });
      });
    },
    servicePort: (name, protocol) => serviceNames().port(name, protocol),
    serviceName: (port, protocol) => serviceNames().name(port, protocol),
  };
}

/** A machine without the file has no names; that is no error. */
function readServicesFile(): string {
  try {
    return readFileSync('/etc/services', 'utf8');
  } catch {
    return '';
  }
}
