import {
  keyJson,
  serverKeyJson,
  serverSettingsJson,
  serviceSettingsJson,
  type JsonObject,
  type JsonValue,
} from './json.js';
import type { SyncDaemon } from '../model/state.js';
import {
  isSame,
  type DaemonDifference,
  type Difference,
  type ServerDifference,
  type ServiceDifference,
  type TableDifference,
} from '../plan/difference.js';

/**
 * A difference for programs, by stable names. Every entry has a `change`: `add`, `remove`, `edit`, or `none` for a
 * service whose servers differ. Added and removed entries have their settings; of edited ones `settings` has those that
 * differ, each with `from` and `to` (null: not set).
 */
export function differenceJson(difference: TableDifference): JsonObject {
  const { services, timeouts, syncDaemons } = difference;
  return {
    same: isSame(difference),
    services: services.map(serviceDifferenceJson),
    timeouts: timeouts && edits(timeouts, (values) => ({ ...values })),
    syncDaemons: syncDaemons.map(daemonDifferenceJson),
  };
}

function serviceDifferenceJson({ key, service, servers }: ServiceDifference): JsonObject {
  return {
    ...entryJson(service, keyJson(key), serviceSettingsJson),
    servers: servers.map(serverDifferenceJson),
  };
}

function serverDifferenceJson(server: ServerDifference): JsonObject {
  const entry = server.kind === 'removed' ? server.from : server.to;
  return entryJson(server, serverKeyJson(entry), serverSettingsJson);
}

function daemonDifferenceJson(daemon: DaemonDifference): JsonObject {
  const { role } = daemon.kind === 'removed' ? daemon.from : daemon.to;
  return entryJson(daemon, { role }, daemonJson);
}

function daemonJson({ syncId, interface: name, maxLength, group, port, ttl }: SyncDaemon): JsonObject {
  return { syncId, interface: name, maxLength, group, port, ttl };
}

function entryJson<T, F extends keyof T & string>(
  difference: Difference<T, F> | { readonly kind: 'same' },
  key: JsonObject,
  settings: (entry: T) => JsonObject,
): JsonObject {
  switch (difference.kind) {
    case 'same':
      return { change: 'none', ...key };
    case 'added':
      return { change: 'add', ...key, ...settings(difference.to) };
    case 'removed':
      return { change: 'remove', ...key, ...settings(difference.from) };
    case 'edited':
      return { change: 'edit', ...key, settings: edits(difference, settings) };
  }
}

function edits<T>(
  { from, to, fields }: { from: T; to: T; fields: readonly (keyof T & string)[] },
  settings: (entry: T) => JsonObject,
): JsonObject {
  const before = settings(from);
  const after = settings(to);
  return Object.fromEntries(
    fields.map((field): [string, JsonValue] => [field, { from: before[field] ?? null, to: after[field] ?? null }]),
  );
}
