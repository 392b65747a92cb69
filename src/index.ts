export { IpvsClient } from './client/client.js';
export type { Transport } from './client/transport.js';
export {
  DecodeError,
  IpvsError,
  KernelError,
  TransportError,
  UnavailableError,
  ValueError,
  type ErrorCode,
} from './errors.js';
export type { AddressFamily } from './model/address.js';
export type { Change } from './model/change.js';
export type { ForwardingMethod, RealServer, ServerKey, Tunnel, TunnelChecksum, TunnelType } from './model/server.js';
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
export { openNetlinkTransport } from './socket/netlink-transport.js';
