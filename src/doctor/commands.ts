import type { AddressFamily } from '../model/address.js';
import type { RealServer, ServerKey } from '../model/server.js';
import type { ServiceKey, VirtualService } from '../model/service.js';
import { formatRule } from '../documents/rules/format-rule.js';
import type { Change } from '../model/change.js';

/** Words that need no quotes in a shell. */
const safeWord = /^[\w@%+=:,./-]+$/;

/** A word quoted for a POSIX shell: names of interfaces and schedulers may contain any characters. */
export function shellWord(word: string): string {
  return safeWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line for a shell. */
export function commandLine(...words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function ipvsadm(change: Change): string {
  return commandLine('ipvsadm', ...formatRule(change).trimEnd().split(' '));
}

/** The command that gives a service these settings; those that a rule leaves out are defaults, so none is lost. */
export function editService(service: VirtualService): string {
  return ipvsadm({ kind: 'edit-service', service });
}

/** The command that removes a service. */
export function deleteService({ key }: VirtualService): string {
  return ipvsadm({ kind: 'delete-service', key });
}

/** The command that adds a real server with these settings. */
export function addServer(server: RealServer, key: ServiceKey): string {
  return ipvsadm({ kind: 'add-server', key, server });
}

/** The command that gives a real server these settings. */
export function editServer(server: RealServer, key: ServiceKey): string {
  return ipvsadm({ kind: 'edit-server', key, server });
}

/** The command that removes a real server. */
export function deleteServer(server: ServerKey, key: ServiceKey): string {
  return ipvsadm({ kind: 'delete-server', key, server });
}

/** The command that sets kernel settings until the next boot. Paths are those below /proc/sys. */
export function setSysctls(settings: Readonly<Record<string, number>>): string {
  return commandLine(
    'sysctl',
    '-w',
    ...Object.entries(settings).map(([path, value]) => `${sysctlName(path)}=${value}`),
  );
}

/** The name that sysctl(8) gives to a path: dots separate its parts, and a dot in the name of an interface is a slash. */
export function sysctlName(path: string): string {
  return path.replace(/[./]/g, (letter) => (letter === '.' ? '/' : '.'));
}

/** The command that adds a route to an address without a router. */
export function routeOnLink(address: string, family: AddressFamily, device: string): string {
  return commandLine('ip', ...familyOption(family), 'route', 'replace', hostPrefix(address, family), 'dev', device);
}

/** `-6` where ip(8) needs it. */
export function familyOption(family: AddressFamily): string[] {
  return family === 'inet6' ? ['-6'] : [];
}

/** An address as a network of its own: `192.0.2.1/32`. */
export function hostPrefix(address: string, family: AddressFamily): string {
  return `${address}/${fullLength(family)}`;
}

/** Bits of an address. */
export function fullLength(family: AddressFamily): number {
  return family === 'inet' ? 32 : 128;
}
