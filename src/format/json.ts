import type { RealServer, ServerKey } from '../model/server.js';
import { isFirewallMark, type ServiceKey, type VirtualService } from '../model/service.js';
import { counterNames, type IpvsInfo, type ServerState, type Statistics } from '../model/state.js';
import type { Connection } from './connections.js';

/** A value that JSON can hold; integers of any size are written in full. */
export type JsonValue = string | number | bigint | boolean | null | undefined | readonly JsonValue[] | JsonObject;

/** An object of such values. Members that are undefined are left out. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Writes JSON with two blanks of indentation; counters beyond 2^53 stay exact. */
export function formatJson(value: JsonValue, indent = ''): string {
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  const wrap = (open: string, parts: string[], close: string): string =>
    parts.length === 0 ? `${open}${close}` : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
  if (isList(value)) {
    return wrap(
      '[',
      value.map((item) => formatJson(item, inner)),
      ']',
    );
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return wrap(
    '{',
    members.map(([name, member]) => `${JSON.stringify(name)}: ${formatJson(member, inner)}`),
    '}',
  );
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Identity of a service, by stable names. */
export function keyJson(key: ServiceKey): JsonObject {
  if (isFirewallMark(key)) return { fwmark: key.fwmark, family: key.family };
  return { protocol: key.protocol, address: key.address, port: key.port, family: key.family };
}

/** The version and size of the kernel's IPVS, by stable names. */
export function infoJson({ version, connectionTableSize }: IpvsInfo): JsonObject {
  return { version: `${version.major}.${version.minor}.${version.patch}`, connectionTableSize };
}

/** A service with its servers, by stable names. `more` is put between the settings and what follows. */
export function serviceJson(
  service: VirtualService,
  more: JsonObject,
  servers: readonly (readonly [server: ServerState, more: JsonObject])[],
): JsonObject {
  return {
    ...keyJson(service.key),
    ...serviceSettingsJson(service),
    ...more,
    servers: servers.map(([server, moreOfServer]) => ({ ...serverJson(server), ...moreOfServer })),
  };
}

/** The counters of `--stats` or the rates per second of `--rate`, by stable names. */
export function countersJson(statistics: Statistics, which: 'stats' | 'rate'): JsonObject {
  const names = which === 'stats' ? counterNames.slice(0, 5) : counterNames.slice(5);
  return {
    [which === 'stats' ? 'statistics' : 'rates']: Object.fromEntries(names.map((name) => [name, statistics[name]])),
  };
}

/** A connection, by stable names. */
export function connectionJson({ protocol, state, expires, client, virtual, server, engine }: Connection): JsonObject {
  return {
    protocol,
    state,
    expires,
    client: serverKeyJson(client),
    virtual: serverKeyJson(virtual),
    server: serverKeyJson(server),
    persistenceEngine: engine?.name,
    persistenceData: engine?.data,
  };
}

/** Settings of a service, by stable names. */
export function serviceSettingsJson(service: VirtualService): JsonObject {
  return {
    scheduler: service.scheduler,
    schedulerFlags: service.schedulerFlags,
    onePacket: service.onePacket,
    persistenceTimeout: service.persistenceTimeout,
    persistenceNetmask: service.persistenceTimeout === undefined ? undefined : service.persistenceNetmask,
    persistenceEngine: service.persistenceEngine,
  };
}

/** Identity of a server, by stable names. */
export function serverKeyJson({ address, port, family }: ServerKey): JsonObject {
  return { address, port, family };
}

/** Settings of a server, by stable names. */
export function serverSettingsJson(server: RealServer): JsonObject {
  const { type, port, checksum } = server.tunnel;
  return {
    forwarding: server.forwarding,
    tunnel: server.forwarding === 'tunneling' ? { type, port, checksum } : undefined,
    weight: server.weight,
    upperThreshold: server.upperThreshold,
    lowerThreshold: server.lowerThreshold,
  };
}

function serverJson(server: ServerState): JsonObject {
  return {
    ...serverKeyJson(server),
    ...serverSettingsJson(server),
    activeConnections: server.activeConnections,
    inactiveConnections: server.inactiveConnections,
    persistentConnections: server.persistentConnections,
  };
}
