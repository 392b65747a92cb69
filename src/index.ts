export {
  IpvsClient,
  type CallOptions,
  type ChangeOptions,
  type PreparedChanges,
  type ServerUpdate,
  type ServiceUpdate,
} from './client/client.js';
export { applyPlan, type Applied, type ApplyOptions, type PlanClient } from './table/apply.js';
export { systemClock, type Clock } from './ports/clock.js';
export {
  drain as waitUntilEmpty,
  openConnections,
  type BusyServer,
  type DrainOptions,
  type DrainProgress,
  type EmptyRule,
  type LeavingServer,
} from './table/drain.js';
export {
  drainServers,
  drainWarnings,
  refuseOutage,
  returningServers,
  withReturned,
  type Drained,
  type DrainNote,
  type DrainSettings,
  type Returning,
} from './table/drained-servers.js';
export {
  cleanRecord,
  drainedEntry,
  readDrainRecord,
  writeDrainRecord,
  type DrainedServer,
  type DrainRecord,
} from './table/drain-record.js';
export { stateFiles } from './edge/state-files.js';
export type { OwnNamespace } from './edge/own-namespace.js';
export type { StateFiles } from './ports/state.js';
export { withRules } from './plan/rules.js';
export {
  hostsOf,
  parseServerPattern,
  selectServers,
  servicesLeftWithout,
  withAddresses,
  withServers,
  type Selected,
  type SelectionOptions,
  type ServerPattern,
} from './plan/selection.js';
export type { LockOptions, TableLock } from './ports/lock.js';
export { readTable, type ReadOptions } from './table/read.js';
export type { ConnectionOptions, FilteredOptions, UnreadableLine } from './table/connections.js';
export type { ConnectionFilter, ServedBy, ServerRange, VirtualRange } from './table/connection-filter.js';
export type {
  ConnectionGroup,
  CountedConnections,
  CountOptions,
  GroupCounts,
  GroupOrder,
} from './table/connection-groups.js';
export type { ClientPrefix, ConnectionKey } from './table/connection-keys.js';
export {
  connections,
  countConnections,
  type ConnectionFile,
  type ConnectionTableOptions,
  type CountTableOptions,
} from './edge/connection-table.js';
export { parseAddressRange, type AddressRange } from './model/address-range.js';
export type { Connection, ConnectionEnd } from './format/connections.js';
export { formatTable, tableFormats, type TableFormat } from './documents/format-table.js';
export { parseTable, type ParseOptions } from './documents/parse-table.js';
export { importTable, type ImportedTable, type ImportOptions } from './documents/foreign/import-table.js';
export type { ImportNote, Origin } from './documents/foreign/draft.js';
export type { ForeignFiles } from './documents/foreign/files.js';
export { foreignKinds, type ForeignKind } from './documents/foreign/kinds.js';
export {
  Meter,
  ratedCounters,
  readSample,
  type Metered,
  type MeterOptions,
  type MeteredServer,
  type MeteredService,
  type Rates,
  type Sample,
  type SampleClient,
  type TableReading,
} from './table/samples.js';
export {
  formatMetrics,
  metricNames,
  serverLabels,
  type ConnectionEntries,
  type MetricNames,
  type MetricsReading,
  type MetricsServer,
  type MetricsStyle,
  type ServerLabel,
} from './format/metrics.js';
export { lockTable } from './edge/table-lock.js';
export type { Transport } from './ports/transport.js';
export {
  ApplyError,
  DecodeError,
  DocumentError,
  type DocumentProblem,
  InputError,
  InterruptedError,
  IpvsError,
  KernelError,
  LockedError,
  StateError,
  TransportError,
  UnavailableError,
  ValueError,
  type ErrorCode,
  type Operation,
  type Undone,
} from './errors.js';
export { parseServerName, parseServiceName, serverName, serviceName, type ServerName } from './model/entity-name.js';
export type { AddressFamily } from './model/address.js';
export { canonicalAddress } from './model/address-kind.js';
export {
  realServer,
  serviceAt,
  serviceMarked,
  syncDaemon,
  virtualService,
  type DaemonSettings,
  type ServerSettings,
  type ServiceSettings,
} from './model/build.js';
export type { Change } from './model/change.js';
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
  UnknownProtocol,
  VirtualService,
} from './model/service.js';
export type {
  ConnectionCounts,
  IpvsInfo,
  ServerEntry,
  ServerState,
  ServiceEntry,
  Statistics,
  StatisticsJson,
  SyncDaemon,
  SyncRole,
  Timeouts,
  Totals,
} from './model/state.js';
export { NoReplyError, type NameResolver } from './ports/resolver.js';
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
export type { ServiceWithServers, Settings, Table, TableEntry, TableSnapshot } from './model/table.js';
export { formatDifference, type Paint } from './format/format-difference.js';
export { planChanges, type Plan, type PlanOptions, type Step } from './plan/plan.js';
