import { numericNaming } from '../names/naming.js';
import type { AddressFamily } from '../model/address.js';
import type { RealServer } from '../model/server.js';
import type { ServiceKey, VirtualService } from '../model/service.js';
import { formatServerRule, formatServiceRule } from '../documents/rules/rule-text.js';

/** Words that a shell takes as they are. */
const plainWord = /^[\w@%+=:,./-]+$/;

/** A word as a POSIX shell reads it: names of interfaces and schedulers may hold anything. */
export function shellWord(word: string): string {
  return plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line for a shell. */
export function commandLine(...words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function ipvsadm(rule: string): string {
  return commandLine('ipvsadm', ...rule.trimEnd().split(' '));
}

/** Gives a service these settings; those that the rule does not name are its defaults, so none is lost. */
export function editService(service: VirtualService): string {
  return ipvsadm(formatServiceRule(service, numericNaming).replace(/^-A/, '-E'));
}

/** Removes a service. */
export function deleteService(service: VirtualService): string {
  const [, option = '', value = '', ...rest] = formatServiceRule(service, numericNaming).split(' ');
  return commandLine('ipvsadm', '-D', option, value, ...(rest[0] === '-6' ? ['-6'] : []));
}

/** Adds a real server with these settings. */
export function addServer(server: RealServer, key: ServiceKey): string {
  return ipvsadm(formatServerRule(server, key, numericNaming));
}

/** Gives a real server these settings. */
export function editServer(server: RealServer, key: ServiceKey): string {
  return ipvsadm(formatServerRule(server, key, numericNaming).replace(/^-a/, '-e'));
}

/** Removes a real server. */
export function deleteServer(server: RealServer, key: ServiceKey): string {
  const rule = formatServerRule(server, key, numericNaming);
  const upToServer = /^-a (.* -r \S+)/.exec(rule)?.[1] ?? '';
  return ipvsadm(`-d ${upToServer}`);
}

/** Sets kernel settings until the next start. Paths are those below /proc/sys. */
export function setSysctls(settings: Readonly<Record<string, number>>): string {
  return commandLine(
    'sysctl',
    '-w',
    ...Object.entries(settings).map(([path, value]) => `${sysctlName(path)}=${value}`),
  );
}

/** The name that sysctl(8) gives to a path: dots part its steps, and a dot in the name of an interface is a slash. */
export function sysctlName(path: string): string {
  return path.replace(/[./]/g, (letter) => (letter === '.' ? '/' : '.'));
}

/** Reaches an address without a router. */
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
