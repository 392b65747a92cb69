import { ValueError } from '../errors.js';
import { canonicalTable, daemonDefaults } from '../model/canonical.js';
import { inNaturalOrder, naturalOrder } from '../format/order.js';
import type { RealServer } from '../model/server.js';
import { schedulerFlagWords } from '../model/scheduler-flags.js';
import {
  fullNetmask,
  isFirewallMark,
  isKnownProtocol,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import type { SyncDaemon, Timeouts } from '../model/state.js';
import type { Table } from '../model/table.js';
import type { Document } from './schema.js';

type DocumentService = Document['services'][number];
type DocumentServer = NonNullable<DocumentService['servers']>[number];
type DocumentDaemon = NonNullable<Document['syncDaemons']>[number];

/** Without the members that are undefined. */
function defined<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** How much of a table is written down. */
export interface Detail {
  /** Whether settings that have their default are written too. */
  readonly defaults: boolean;
}

/** Writes the members of one kind of object. */
class Writer {
  readonly #defaults: boolean;

  constructor({ defaults }: Detail) {
    this.#defaults = defaults;
  }

  service(service: VirtualService): DocumentService {
    const { key, scheduler, persistenceTimeout, persistenceNetmask, persistenceEngine, onePacket } = service;
    const persistent = persistenceTimeout !== undefined;
    return defined<DocumentService>({
      ...this.#name(key),
      scheduler,
      schedulerFlags: this.#optional(schedulerFlagWords(service), (flags) => flags.length === 0),
      onePacket: this.#optional(onePacket, (value) => !value),
      persistenceTimeout,
      persistenceNetmask: persistent
        ? this.#optional(persistenceNetmask, (mask) => mask === fullNetmask(key.family))
        : undefined,
      persistenceEngine,
    });
  }

  daemon({ role, interface: name, syncId, maxLength, group, port, ttl }: SyncDaemon): DocumentDaemon {
    return defined<DocumentDaemon>({
      role,
      interface: name,
      syncId,
      maxLength: maxLength === 0 ? undefined : maxLength,
      group: this.#optional(group, (value) => value === daemonDefaults.group),
      port: this.#optional(port, (value) => value === daemonDefaults.port),
      ttl: this.#optional(ttl, (value) => value === daemonDefaults.ttl),
    });
  }

  #name(key: ServiceKey): DocumentService {
    if (isFirewallMark(key)) return { fwmark: key.fwmark, family: this.#optional(key.family, (of) => of === 'inet') };
    const { address, protocol, port } = key;
    if (!isKnownProtocol(protocol)) throw new ValueError(`${protocol}: no document can have a service of it`);
    return { address, protocol: this.#optional(protocol, (name) => name === 'tcp'), port };
  }

  #optional<T>(value: T, isDefault: (value: T) => boolean): T | undefined {
    return this.#defaults || !isDefault(value) ? value : undefined;
  }
}

/** A server with every setting. */
function serverDocument(server: RealServer): DocumentServer {
  const { address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel } = server;
  const { type, checksum } = tunnel;
  const wraps = type === 'ipip' ? { type } : { type, ...(tunnel.port === 0 ? {} : { port: tunnel.port }), checksum };
  return {
    address,
    port,
    forwarding,
    weight,
    upperThreshold,
    lowerThreshold,
    ...(forwarding === 'tunnelling' ? { tunnel: wraps } : {}),
  };
}

/** What a document says of a service, but for its servers. */
export function serviceDocument(service: VirtualService, detail: Detail): DocumentService {
  return new Writer(detail).service(service);
}

function writtenTimeouts({ tcp, tcpFin, udp }: Timeouts): Document['timeouts'] {
  // 0 leaves one as it is.
  const set = (seconds: number): number | undefined => (seconds === 0 ? undefined : seconds);
  return defined<NonNullable<Document['timeouts']>>({ tcp: set(tcp), tcpFin: set(tcpFin), udp: set(udp) });
}

/** The document that says a table, in natural order; its servers with every setting. */
export function tableDocument(table: Table, detail: Detail): Document {
  const { services, timeouts, syncDaemons } = canonicalTable(table);
  const writer = new Writer(detail);
  return defined<Document>({
    timeouts: timeouts && writtenTimeouts(timeouts),
    syncDaemons: syncDaemons?.map((daemon) => writer.daemon(daemon)),
    services: inNaturalOrder(services).map(({ service, servers }) => ({
      ...writer.service(service),
      servers: naturalOrder.servers(servers).map(serverDocument),
    })),
  });
}
