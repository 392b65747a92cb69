import { endianness, release } from 'node:os';
import { readConnections } from '../table/connections.js';
import { IpvsClient } from '../client/client.js';
import type {
  DirectorFacts,
  HostFacts,
  Listener,
  NetworkInterface,
  Orphans,
  RealServerFacts,
  ServiceFacts,
} from '../doctor/facts.js';
import { guessForwarding } from '../doctor/guess.js';
import { ipArguments, IpOutputError, ipQueries, parseIpOutput, type HostNetwork } from '../doctor/ip-output.js';
import { parseListeners, socketFiles } from '../doctor/listeners.js';
import { OrphanCounter } from '../doctor/orphans.js';
import { directorSettings, interfaceSettings, settingPath } from '../doctor/settings.js';
import { InputError, LookError } from '../errors.js';
import { naturalOrder } from '../format/order.js';
import { printable } from '../text/printable.js';
import type { Machine } from '../ports/io.js';
import { readText } from './read-text.js';
import { familyOf } from '../model/address.js';
import { isFirewallMark } from '../model/service.js';
import { readLineBlocks } from '../text/lines.js';

/** The service that a real server is examined for; what is undefined is guessed. */
export type RealServerRequest = Pick<
  RealServerFacts,
  'vip' | 'ports' | 'protocol' | 'tunnel' | 'tunnelPort' | 'director'
> & {
  readonly forwarding: RealServerFacts['forwarding'] | undefined;
};

/** Longest line of a connection that is not cut, in bytes. */
const longestConnection = 4096;

/** Files that exist where the kernel has the feature, as a module or built in. */
const ipvsFile = '/proc/net/ip_vs';
const ftpHelperFile = '/sys/module/ip_vs_ftp/parameters/ports';

/**
 * Gathers the facts about a director, its table included. Loads no module: where the kernel has no IPVS, the table is
 * empty.
 * @throws {UnavailableError} EPERM without the privileges to read the table.
 * @throws {LookError | InputError} where something can't be read.
 */
export async function directorFacts(machine: Machine): Promise<DirectorFacts> {
  const hasIpvs = await exists(machine, ipvsFile);
  const table = hasIpvs ? await readDirectorTable(machine) : { services: [], syncDaemons: [], timeouts: undefined };
  const isBackup = table.syncDaemons.some(({ role }) => role === 'backup');
  const addresses = table.services.flatMap(({ service: { key }, servers }) => [
    ...(isFirewallMark(key) ? [] : [key.address]),
    ...servers.map(({ address }) => address),
  ]);
  return {
    ...(await hostFacts(machine, addresses, directorSettings)),
    ...table,
    hasIpvs,
    orphans: await readOrphans(machine, table.services),
    hasSyncedConnections: isBackup && (await hasSyncedConnections(machine)),
    hasFtpHelper: await exists(machine, ftpHelperFile),
  };
}

/**
 * Gathers the facts about a real server.
 * @throws {LookError | InputError} where something can't be read.
 */
export async function realServerFacts(machine: Machine, request: RealServerRequest): Promise<RealServerFacts> {
  const { vip, director } = request;
  const facts = await hostFacts(machine, director === undefined ? [vip] : [vip, director], []);
  return { ...facts, ...request, family: familyOf(vip), forwarding: request.forwarding ?? guessForwarding(facts) };
}

async function readDirectorTable(
  machine: Machine,
): Promise<Pick<DirectorFacts, 'services' | 'syncDaemons' | 'timeouts'>> {
  const client = await IpvsClient.connect(await machine.openSocket());
  try {
    const services: ServiceFacts[] = [];
    for (const service of naturalOrder.services(await client.services())) {
      services.push({ service, servers: naturalOrder.servers(await client.servers(service.key)) });
    }
    return { services, syncDaemons: await client.syncDaemons(), timeouts: await client.timeouts() };
  } finally {
    client.close();
  }
}

async function hostFacts(
  machine: Machine,
  addresses: readonly string[],
  settings: readonly string[],
): Promise<HostFacts> {
  const network = await readHostNetwork(machine, [...new Set(addresses)]);
  return {
    ...network,
    sysctls: await readSysctls(machine, [...settings, ...pathsOf(network.interfaces)]),
    listeners: await readListeners(machine),
    kernel: kernelRelease(release()),
  };
}

function pathsOf(interfaces: readonly NetworkInterface[]): string[] {
  return ['all', ...interfaces.map(({ name }) => name)].flatMap((name) =>
    interfaceSettings.map((setting) => settingPath(name, setting)),
  );
}

/** Counts the connections whose server is not in the table; the connection table is streamed. */
async function readOrphans(machine: Machine, services: readonly ServiceFacts[]): Promise<Orphans> {
  const path = '/proc/net/ip_vs_conn';
  const counter = new OrphanCounter(services);
  await reading(path, async () => {
    for await (const block of readLineBlocks(machine.readFile(path), longestConnection)) {
      readConnections(block, (line) => {
        counter.count(line.connection());
      });
    }
  });
  return counter.orphans();
}

/** A connection whose origin, the last but one column, is another director. */
const syncedConnection = / SYNC +\d+ *$/m;

async function hasSyncedConnections(machine: Machine): Promise<boolean> {
  const path = '/proc/net/ip_vs_conn_sync';
  let found = false;
  await reading(path, async () => {
    for await (const { bytes } of readLineBlocks(machine.readFile(path), longestConnection)) {
      found = syncedConnection.test(Buffer.from(bytes).toString('latin1'));
      if (found) break;
    }
  });
  return found;
}

/** One process for all queries: a table can have thousands of servers. */
async function readHostNetwork(machine: Machine, addresses: readonly string[]): Promise<HostNetwork> {
  const result = await machine.run('ip', ipArguments, ipQueries(addresses));
  if (result === undefined) {
    throw new LookError('doctor needs the program ip to see addresses and routes: install the package iproute2');
  }
  const { stdout, stderr, status } = result;
  if (status === undefined) throw new LookError('ip did not end in time, or was killed');
  try {
    return parseIpOutput(addresses, stdout, stderr);
  } catch (cause) {
    if (!(cause instanceof IpOutputError)) throw cause;
    const [reason = ''] = cause.message.split('\n');
    throw new LookError(`can't understand what ip prints: ${printable(reason)} (iproute2 4.15 or later is needed)`, {
      cause,
    });
  }
}

async function readSysctls(machine: Machine, paths: readonly string[]): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const path of paths) {
    const text = await textIfThere(machine, `/proc/sys/${path}`);
    if (text !== undefined) values.set(path, text.trim());
  }
  return values;
}

async function readListeners(machine: Machine): Promise<Listener[]> {
  const found: Listener[] = [];
  for (const file of socketFiles) {
    const text = await textIfThere(machine, `/proc/net/${file}`);
    found.push(...parseListeners(file, text ?? '', endianness() === 'LE'));
  }
  return found;
}

/** The first two numbers of a release such as `6.1.0-32-amd64`. */
function kernelRelease(text: string): HostFacts['kernel'] {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  return { major: Number(major), minor: Number(minor) };
}

/** Undefined where there is no such file. */
async function textIfThere(machine: Machine, path: string): Promise<string | undefined> {
  try {
    return await readText(machine, path);
  } catch (error) {
    if (error instanceof InputError && isMissing(error.cause)) return undefined;
    throw error;
  }
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function exists(machine: Machine, path: string): Promise<boolean> {
  return reading(path, async () => {
    for await (const piece of machine.readFile(path)) {
      // The first piece is enough: the table can be long.
      if (piece.length > 0) break;
    }
  });
}

/** @returns whether the file exists. */
async function reading(path: string, read: () => Promise<void>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw new InputError(path, cause);
  }
}
