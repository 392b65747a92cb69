import fc from 'fast-check';
import { formatIpv4, formatIpv6, type AddressFamily } from '../../../src/model/address.js';
import type { Change } from '../../../src/model/change.js';
import type { RealServer, ServerKey, Tunnel } from '../../../src/model/server.js';
import { fullNetmask, type SchedulerFlag, type ServiceKey, type VirtualService } from '../../../src/model/service.js';
import type { Statistics, SyncDaemon, Timeouts } from '../../../src/model/state.js';

/** Plain objects, as the code under test makes them. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const u16 = fc.integer({ min: 0, max: 65535 });
const u32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
);
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

export const family: fc.Arbitrary<AddressFamily> = fc.constantFrom('inet', 'inet6');

export const ipv4Text: fc.Arbitrary<string> = u32.map(formatIpv4);

/** Sixteen bytes with runs of zeros in all places, which is what the text of an address depends on. */
export const ipv6Bytes: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof(fc.constant(0), u16, fc.constant(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 255])));

export const ipv6Text: fc.Arbitrary<string> = ipv6Bytes.map(formatIpv6);

export function addressText(of: AddressFamily): fc.Arbitrary<string> {
  return of === 'inet' ? ipv4Text : ipv6Text;
}

/** A name of 1 to 15 bytes, as the kernel has room for. */
export const name: fc.Arbitrary<string> = fc
  .string({ unit: fc.constantFrom('a', 'b', 'r', 'z', '0', '9', '_', '.', '-'), minLength: 1, maxLength: 15 })
  .filter((text) => !text.startsWith('-'));

/** Names of any characters that fit. */
export const strangeName: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 15 })
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 15);

export const serviceKey: fc.Arbitrary<ServiceKey> = family.chain((of) =>
  fc.oneof(
    record({
      family: fc.constant(of),
      protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
      address: addressText(of),
      port: u16,
    }),
    record({ family: fc.constant(of), fwmark: fc.integer({ min: 1, max: 0xffffffff }) }),
  ),
);

const allFlags: readonly SchedulerFlag[] = ['flag-1', 'flag-2', 'flag-3'];

export const schedulerFlags: fc.Arbitrary<SchedulerFlag[]> = fc.subarray([...allFlags]);

/** Any service that can be in a message. */
export function service(names: fc.Arbitrary<string> = strangeName): fc.Arbitrary<VirtualService> {
  return serviceKey.chain((key) =>
    record({
      key: fc.constant(key),
      scheduler: names,
      schedulerFlags,
      onePacket: fc.boolean(),
      persistenceTimeout: fc.option(fc.integer({ min: 1, max: 2678400 }), { nil: undefined }),
      persistenceNetmask: key.family === 'inet' ? ipv4Text : fc.integer({ min: 1, max: 128 }),
      persistenceEngine: fc.option(names, { nil: undefined }),
    }),
  );
}

export const tunnel: fc.Arbitrary<Tunnel> = record({
  type: fc.oneof(fc.constantFrom('ipip' as const, 'gue' as const, 'gre' as const), fc.integer({ min: 3, max: 255 })),
  port: u16,
  checksum: fc.constantFrom('nocsum', 'csum', 'remcsum', 'csum+remcsum'),
});

export const serverKey: fc.Arbitrary<ServerKey> = family.chain((of) =>
  record({ family: fc.constant(of), address: addressText(of), port: u16 }),
);

/** Any real server that can be in a message. */
export const server: fc.Arbitrary<RealServer> = serverKey.chain((key) =>
  record({
    family: fc.constant(key.family),
    address: fc.constant(key.address),
    port: fc.constant(key.port),
    forwarding: fc.constantFrom(
      'masquerading',
      'local',
      'tunneling',
      'direct-routing',
      'bypass',
      'forwarding-5',
      'forwarding-6',
      'forwarding-7',
    ),
    weight: u32,
    upperThreshold: u32,
    lowerThreshold: u32,
    tunnel,
  }),
);

export const statistics: fc.Arbitrary<Statistics> = record({
  connections: u64,
  incomingPackets: u64,
  outgoingPackets: u64,
  incomingBytes: u64,
  outgoingBytes: u64,
  connectionRate: u64,
  incomingPacketRate: u64,
  outgoingPacketRate: u64,
  incomingByteRate: u64,
  outgoingByteRate: u64,
});

export const timeouts: fc.Arbitrary<Timeouts> = record({ tcp: u32, tcpFin: u32, udp: u32 });

export const daemon: fc.Arbitrary<SyncDaemon> = record({
  role: fc.constantFrom('master', 'backup'),
  syncId: fc.integer({ min: 0, max: 255 }),
  interface: strangeName,
  maxLength: u16,
  group: fc.option(fc.oneof(ipv4Text, ipv6Text), { nil: undefined }),
  port: u16,
  ttl: fc.integer({ min: 0, max: 255 }),
});

export const change: fc.Arbitrary<Change> = fc.oneof(
  record({ kind: fc.constantFrom('add-service', 'edit-service'), service: service() }),
  record({ kind: fc.constant('delete-service'), key: serviceKey }),
  record({ kind: fc.constantFrom('add-server', 'edit-server'), key: serviceKey, server }),
  record({ kind: fc.constant('delete-server'), key: serviceKey, server: serverKey }),
  record({ kind: fc.constant('flush') }),
  record({ kind: fc.constant('zero'), key: fc.option(serviceKey, { nil: undefined }) }),
  record({ kind: fc.constant('set-timeouts'), timeouts }),
  record({ kind: fc.constant('start-daemon'), daemon }),
  record({ kind: fc.constant('stop-daemon'), role: fc.constantFrom('master', 'backup') }),
);

/** A service that the classic grammar can write down: what a person can have set. */
export const typedService: fc.Arbitrary<VirtualService> = service(name).map((any) => {
  const { key } = any;
  const needsPersistence = 'port' in key && key.port === 0;
  const persistenceTimeout = any.persistenceTimeout ?? (needsPersistence ? 360 : undefined);
  return {
    ...any,
    onePacket: any.onePacket && ('fwmark' in key || key.protocol === 'udp'),
    persistenceTimeout,
    // A mask without persistence is not written, because it has no effect.
    persistenceNetmask: persistenceTimeout === undefined ? fullNetmask(key.family) : any.persistenceNetmask,
  };
});

const typedTunnel: fc.Arbitrary<Tunnel> = fc.oneof(
  fc.constant({ type: 'ipip', port: 0, checksum: 'nocsum' } as const),
  record({
    type: fc.constant('gue' as const),
    port: fc.integer({ min: 1, max: 65535 }),
    checksum: fc.constantFrom('nocsum', 'csum', 'remcsum'),
  }),
  record({ type: fc.constant('gre' as const), port: fc.constant(0), checksum: fc.constantFrom('nocsum', 'csum') }),
);

const int31 = fc.integer({ min: 0, max: 0x7fffffff });

/** A service's key and a server of it that the classic grammar can write down. */
export const typedServer: fc.Arbitrary<{ key: ServiceKey; server: RealServer }> = serviceKey.chain((key) =>
  fc.constantFrom('masquerading' as const, 'tunneling' as const, 'direct-routing' as const).chain((forwarding) =>
    (forwarding === 'tunneling' ? family : fc.constant(key.family)).chain((of) =>
      record({
        key: fc.constant(key),
        server: record({
          family: fc.constant(of),
          address: addressText(of),
          // Packets that are not rewritten keep their port.
          port: 'port' in key && forwarding !== 'masquerading' ? fc.constant(key.port) : u16,
          forwarding: fc.constant(forwarding),
          weight: int31,
          upperThreshold: int31,
          lowerThreshold: int31,
          tunnel:
            forwarding === 'tunneling'
              ? typedTunnel
              : fc.constant({ type: 'ipip', port: 0, checksum: 'nocsum' } as const),
        }),
      }),
    ),
  ),
);
