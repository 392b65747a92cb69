// What the types of the library promise to its users: compiled, not run, against dist/index.d.ts as it is published.
import { expectTypeOf } from 'expect-type';
import {
  type Applied,
  applyPlan,
  compareTables,
  formatTable,
  IpvsClient,
  IpvsError,
  KernelError,
  parseTable,
  planChanges,
  type Plan,
  readTable,
  type RealServer,
  type ServerState,
  type ServiceKey,
  type Table,
  type TableDifference,
  type VirtualService,
} from 'ipvsadm';

expectTypeOf<ReturnType<typeof IpvsClient.open>>().resolves.toEqualTypeOf<IpvsClient>();
expectTypeOf<VirtualService['key']>().toEqualTypeOf<ServiceKey>();
expectTypeOf<ServerState>().toExtend<RealServer>();

expectTypeOf(readTable).returns.resolves.toEqualTypeOf<Table>();
expectTypeOf(parseTable).returns.resolves.toEqualTypeOf<Table>();
expectTypeOf(compareTables).returns.toEqualTypeOf<TableDifference>();
expectTypeOf(planChanges).returns.toEqualTypeOf<Plan>();
expectTypeOf(applyPlan).returns.resolves.toEqualTypeOf<Applied>();
expectTypeOf(formatTable).returns.toEqualTypeOf<string>();

expectTypeOf<KernelError>().toExtend<IpvsError>();
expectTypeOf<IpvsError>().toExtend<Error>();
