import fc from 'fast-check';
import { naturalOrder } from '../../../src/format/order.js';
import { formatIpv4, formatIpv6, type AddressFamily } from '../../../src/model/address.js';
import { canonicalTable } from '../../../src/model/canonical.js';
import type { RealServer, Tunnel } from '../../../src/model/server.js';
import {
  describeEndpoint,
  describeService,
  fullNetmask,
  isFirewallMark,
  type ServiceKey,
  type VirtualService,
} from '../../../src/model/service.js';
import type { SyncDaemon, SyncRole, Timeouts } from '../../../src/model/state.js';
import type { ServiceWithServers, Table } from '../../../src/model/table.js';
import { schedulerFlags } from './arbitraries.js';

/** What tables are made of. */
export interface TableParts {
  readonly schedulers: readonly string[];
  readonly engines: readonly string[];
  readonly interfaces: readonly string[];
  /** Settings that no rule can say too. */
  readonly unsayable: boolean;
  /** Largest threshold of unsayable tables where it is not the largest 32-bit number: later kernels refuse 2^31. */
  readonly largestThreshold?: number;
}

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

/** A number, often at an edge. */
function from(lowest: number, highest: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: lowest, max: highest }) },
    fc.constantFrom(lowest, highest),
  );
}

const port = from(1, 65535);

/** Addresses that a host can have whatever the routes are. */
const hostAddress: Readonly<Record<AddressFamily, fc.Arbitrary<string>>> = {
  inet: fc.integer({ min: 0x01000000, max: 0x7effffff }).map(formatIpv4),
  inet6: fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65535 })), { minLength: 7, maxLength: 7 })
    .map((groups) => formatIpv6(Uint8Array.from([0x2001, ...groups].flatMap((group) => [group >>> 8, group & 255])))),
};

const family: fc.Arbitrary<AddressFamily> = fc.constantFrom('inet', 'inet6');

const serviceKey: fc.Arbitrary<ServiceKey> = family.chain((of) =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: record<ServiceKey>({
        family: fc.constant(of),
        protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
        address: hostAddress[of],
        port: from(0, 65535),
      }),
    },
    { weight: 1, arbitrary: record<ServiceKey>({ family: fc.constant(of), fwmark: from(1, 0xffffffff) }) },
  ),
);

function service({ schedulers, engines }: TableParts): fc.Arbitrary<VirtualService> {
  return serviceKey.chain((key) => {
    const mayStandAlone = isFirewallMark(key) || key.port !== 0;
    return record<VirtualService>({
      key: fc.constant(key),
      scheduler: fc.constantFrom(...schedulers),
      schedulerFlags,
      onePacket: isFirewallMark(key) || key.protocol === 'udp' ? fc.boolean() : fc.constant(false),
      persistenceTimeout: mayStandAlone ? fc.option(from(1, 2678400), { nil: undefined }) : from(1, 2678400),
      persistenceNetmask: fc.oneof(
        fc.constant(fullNetmask(key.family)),
        key.family === 'inet' ? from(0, 0xffffffff).map(formatIpv4) : from(1, 128),
      ),
      persistenceEngine: fc.option(fc.constantFrom(...engines), { nil: undefined }),
    });
  });
}

function tunnel({ unsayable }: TableParts): fc.Arbitrary<Tunnel> {
  return fc.oneof(
    fc.constant<Tunnel>({ type: 'ipip', port: 0, checksum: 'nocsum' }),
    record<Tunnel>({
      type: fc.constant('gue'),
      port,
      checksum: fc.constantFrom('nocsum', 'csum', 'remcsum', ...(unsayable ? (['csum+remcsum'] as const) : [])),
    }),
    record<Tunnel>({ type: fc.constant('gre'), port: fc.constant(0), checksum: fc.constantFrom('nocsum', 'csum') }),
  );
}

function server(key: ServiceKey, parts: TableParts, mixed: boolean): fc.Arbitrary<RealServer> {
  const methods = ['masquerading', 'direct-routing', 'tunneling'] as const;
  const more = parts.unsayable ? (['local', 'bypass', 'forwarding-5', 'forwarding-6', 'forwarding-7'] as const) : [];
  const largest = parts.unsayable ? (parts.largestThreshold ?? 0xffffffff) : 0x7fffffff;
  return fc.constantFrom<RealServer['forwarding']>(...methods, ...methods, ...more).chain((forwarding) =>
    (forwarding === 'tunneling' && mixed ? family : fc.constant(key.family)).chain((of) =>
      record<RealServer>({
        family: fc.constant(of),
        address: hostAddress[of],
        // Packets that are not rewritten keep their port.
        port: isFirewallMark(key) || forwarding === 'masquerading' ? from(0, 65535) : fc.constant(key.port),
        forwarding: fc.constant(forwarding),
        weight: fc.oneof(from(0, 0x7fffffff), fc.integer({ min: 0, max: 10 })),
        upperThreshold: from(0, largest),
        lowerThreshold: from(0, largest),
        tunnel: tunnel(parts),
      }).map((any) => ({
        ...any,
        // Said the other way round, the kernel refuses them.
        upperThreshold: Math.max(any.upperThreshold, any.lowerThreshold),
        lowerThreshold: Math.min(any.upperThreshold, any.lowerThreshold),
      })),
    ),
  );
}

function entry(parts: TableParts, mixed: boolean): fc.Arbitrary<ServiceWithServers> {
  return service(parts).chain((chosen) =>
    record<ServiceWithServers>({
      service: fc.constant(chosen),
      servers: fc.uniqueArray(server(chosen.key, parts, mixed), { maxLength: 4, selector: describeEndpoint }),
    }),
  );
}

function daemon(role: SyncRole, { interfaces }: TableParts): fc.Arbitrary<SyncDaemon> {
  return record<SyncDaemon>({
    role: fc.constant(role),
    syncId: from(0, 255),
    interface: fc.constantFrom(...interfaces),
    maxLength: fc.oneof(fc.constant(0), from(role === 'backup' ? 1024 : 1, 65487)),
    group: fc.option(
      fc.oneof(
        from(0xe0000001, 0xefffffff).map(formatIpv4),
        from(1, 0xffff).map((low) => formatIpv6(Uint8Array.of(0xff, 2, ...Array<number>(12).fill(0), low >>> 8, low))),
      ),
      { nil: undefined },
    ),
    port: fc.oneof(fc.constant(0), port),
    ttl: fc.oneof(fc.constant(0), from(1, 255)),
  });
}

const seconds = from(1, 2678400);
const timeouts: fc.Arbitrary<Timeouts> = record<Timeouts>({ tcp: seconds, tcpFin: seconds, udp: seconds });

/**
 * Tables that a kernel can have, in canonical form: each has timeouts, and either sync daemons or servers of another
 * family than their service, never both.
 */
export function table(parts: TableParts): fc.Arbitrary<Table> {
  return fc.boolean().chain((mixed) =>
    record<Table>({
      services: fc.uniqueArray(entry(parts, mixed), {
        maxLength: 4,
        selector: (one) => describeService(one.service.key),
      }),
      timeouts,
      syncDaemons: mixed
        ? fc.constant([])
        : fc
            .tuple(
              fc.option(daemon('master', parts), { nil: undefined }),
              fc.option(daemon('backup', parts), { nil: undefined }),
            )
            .map((daemons) => daemons.filter((one) => one !== undefined)),
    }).map(canonicalTable),
  );
}

/** The same table in natural order, as everything of ours reads and writes it. */
export function inOrder({ services, ...rest }: Table): Table {
  const serversOf = new Map(services.map(({ service: one, servers }) => [one, servers]));
  return {
    ...rest,
    services: naturalOrder
      .services(services.map(({ service: one }) => one))
      .map((one) => ({ service: one, servers: naturalOrder.servers(serversOf.get(one) ?? []) })),
  };
}
