// What the types of the library promise to its users: compiled, not run, against dist/index.d.ts as it is published.
import { expectTypeOf } from 'expect-type';
import {
  type Applied,
  applyPlan,
  canonicalAddress,
  type Change,
  compareTables,
  type Connection,
  connections,
  formatTable,
  IpvsClient,
  IpvsError,
  KernelError,
  lockTable,
  type Operation,
  parseTable,
  planChanges,
  type Plan,
  readTable,
  type RealServer,
  realServer,
  serviceAt,
  serviceMarked,
  type ServerState,
  type ServiceEntry,
  type ServiceKey,
  type Statistics,
  type SyncDaemon,
  syncDaemon,
  type Table,
  type TableDifference,
  type TableSnapshot,
  type Transport,
  type VirtualService,
  virtualService,
} from 'ipvsadm';
import { FakeKernel } from 'ipvsadm/testing';

expectTypeOf<ReturnType<typeof IpvsClient.open>>().resolves.toEqualTypeOf<IpvsClient>();
expectTypeOf<VirtualService['key']>().toEqualTypeOf<ServiceKey>();
expectTypeOf<ServerState>().toExtend<RealServer>();

expectTypeOf((client: IpvsClient) => readTable(client)).returns.resolves.toEqualTypeOf<Table>();
expectTypeOf((client: IpvsClient) =>
  readTable(client, { counters: true }),
).returns.resolves.toEqualTypeOf<TableSnapshot>();
expectTypeOf<TableSnapshot>().toExtend<Table>();
expectTypeOf(parseTable).returns.resolves.toEqualTypeOf<Table>();
expectTypeOf(compareTables).returns.toEqualTypeOf<TableDifference>();
expectTypeOf(planChanges).returns.toEqualTypeOf<Plan>();
expectTypeOf(applyPlan).returns.resolves.toEqualTypeOf<Applied>();
expectTypeOf(formatTable).returns.toEqualTypeOf<string>();

expectTypeOf<KernelError>().toExtend<IpvsError>();
expectTypeOf<IpvsError>().toExtend<Error>();

expectTypeOf<KernelError['operation']>().toEqualTypeOf<Operation>();
expectTypeOf<Change['kind']>().toExtend<Operation>();

expectTypeOf(serviceAt('10.0.0.1')).toExtend<ServiceKey>();
expectTypeOf(serviceMarked(7)).toExtend<ServiceKey>();
expectTypeOf(virtualService(serviceMarked(7))).toEqualTypeOf<VirtualService>();
expectTypeOf(realServer({ address: '10.0.0.2' })).toEqualTypeOf<RealServer>();
expectTypeOf(syncDaemon('master', 'eth0')).toEqualTypeOf<SyncDaemon>();
expectTypeOf(canonicalAddress).returns.toEqualTypeOf<string | undefined>();

// A key may be given by anything that has its members, such as a server that was read.
export const calls = async (
  client: IpvsClient,
  server: RealServer,
  key: ServiceKey,
  signal: AbortSignal,
): Promise<void> => {
  expectTypeOf(await client.setWeight(key, server, 0, { signal })).toEqualTypeOf<ServerState>();
  expectTypeOf(await client.updateServer(key, server, { tunnel: { port: 6081 } })).toEqualTypeOf<ServerState>();
  expectTypeOf(await client.updateService(key, { persistenceTimeout: undefined })).toEqualTypeOf<ServiceEntry>();
  // @ts-expect-error: an address is what a server is found by, not a setting.
  await client.updateServer(key, server, { address: '10.0.0.3' });
  expectTypeOf(await client.changeAll([], { signal, idempotent: true })).toEqualTypeOf<(KernelError | undefined)[]>();
  expectTypeOf<Statistics['connections']>().toEqualTypeOf<bigint>();
  for await (const connection of connections({ signal })) expectTypeOf(connection).toEqualTypeOf<Connection>();
  await using lock = await lockTable({ waitSeconds: 0, purpose: 'types' });
  await using other = client;
  await lock.release();
  other.close();
};

// The types of the two entry points are made apart, and have to fit.
expectTypeOf(FakeKernel).toBeConstructibleWith({ services: [] });
expectTypeOf<FakeKernel>().toExtend<Transport>();
expectTypeOf<FakeKernel['table']>().toExtend<TableSnapshot>();
expectTypeOf<TableSnapshot>().toExtend<ConstructorParameters<typeof FakeKernel>[0]>();
expectTypeOf<FakeKernel['changes']>().toExtend<readonly Change[]>();
