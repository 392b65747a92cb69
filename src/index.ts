export { IpvsClient, type PreparedChanges } from './client/client.js';
export { applyPlan, type Applied, type ApplyOptions } from './table/apply.js';
export type { Clock } from './ports/clock.js';
export type { BusyServer, DrainProgress } from './table/drain.js';
export type { LockOptions, TableLock } from './ports/lock.js';
export { readTable } from './table/read.js';
export { formatTable, tableFormats, type TableFormat } from './documents/format-table.js';
export { parseTable } from './documents/parse-table.js';
export { lockTable } from './edge/table-lock.js';
export type { Transport } from './ports/transport.js';
export {
  ApplyError,
  DecodeError,
  DocumentError,
  type DocumentProblem,
  IpvsError,
  KernelError,
  LockedError,
  TransportError,
  UnavailableError,
  ValueError,
  type ErrorCode,
} from './errors.js';
export type { AddressFamily } from './model/address.js';
export { canonicalAddress } from './model/address-kind.js';
export type { Change } from './model/change.js';
export { column, rowSize, ServerRows, type KnownServer } from './model/server-rows.js';
export {
  forwardingMethods,
  tunnelChecksums,
  tunnelTypes,
  type ForwardingMethod,
  type RealServer,
  type ServerKey,
  type Tunnel,
  type TunnelChecksum,
  type TunnelType,
} from './model/server.js';
export type {
  AddressServiceKey,
  FirewallMarkServiceKey,
  PersistenceNetmask,
  Protocol,
  SchedulerFlag,
  ServiceKey,
  VirtualService,
} from './model/service.js';
export type {
  ConnectionCounts,
  IpvsInfo,
  ServerEntry,
  ServerState,
  ServiceEntry,
  Statistics,
  SyncDaemon,
  SyncRole,
  Timeouts,
} from './model/state.js';
export type { NameResolver } from './ports/resolver.js';
export { createNameResolver } from './edge/system-resolver.js';
export { openNetlinkTransport } from './socket/netlink-transport.js';
export {
  compareTables,
  serverFields,
  serviceFields,
  type DaemonDifference,
  type Difference,
  type DifferenceOptions,
  type ServerDifference,
  type ServiceDifference,
  type TableDifference,
} from './plan/difference.js';
export type { ServiceWithServers, Table } from './model/table.js';
export { formatDifference, type Paint } from './format/format-difference.js';
export { planChanges, type Plan, type PlanOptions, type Step } from './plan/plan.js';
