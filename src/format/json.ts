import { isFirewallMark, type ServiceKey } from '../model/service.js';
import type { ServerState, ServiceEntry } from '../model/state.js';

/** A value that JSON can hold; whole numbers of any size are written in full. */
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

/** What identifies a service, by stable names. */
export function keyJson(key: ServiceKey): JsonObject {
  if (isFirewallMark(key)) return { fwmark: key.fwmark, family: key.family };
  return { protocol: key.protocol, address: key.address, port: key.port, family: key.family };
}

/** A service with its servers, by stable names. */
export function serviceJson(service: ServiceEntry, servers: readonly ServerState[]): JsonObject {
  return {
    ...keyJson(service.key),
    scheduler: service.scheduler,
    schedulerFlags: service.schedulerFlags,
    onePacket: service.onePacket,
    persistenceTimeout: service.persistenceTimeout,
    persistenceNetmask: service.persistenceTimeout === undefined ? undefined : service.persistenceNetmask,
    persistenceEngine: service.persistenceEngine,
    servers: servers.map(serverJson),
  };
}

function serverJson(server: ServerState): JsonObject {
  const { type, port, checksum } = server.tunnel;
  return {
    address: server.address,
    port: server.port,
    family: server.family,
    forwarding: server.forwarding,
    tunnel: server.forwarding === 'tunnelling' ? { type, port, checksum } : undefined,
    weight: server.weight,
    upperThreshold: server.upperThreshold,
    lowerThreshold: server.lowerThreshold,
    activeConnections: server.activeConnections,
    inactiveConnections: server.inactiveConnections,
    persistentConnections: server.persistentConnections,
  };
}
