import type { RealServer } from './server.js';
import type { VirtualService } from './service.js';
import type { ServerEntry, ServiceEntry, SyncDaemon, Timeouts } from './state.js';

/** A virtual service with its real servers. */
export interface ServiceWithServers {
  readonly service: VirtualService;
  readonly servers: readonly RealServer[];
}

/** What the kernel is configured with beside services. */
export interface Settings {
  readonly timeouts: Timeouts;
  /** At most one of each role. */
  readonly syncDaemons: readonly SyncDaemon[];
}

/** All that a director is configured to do: what can be saved, compared and applied as a whole. */
export interface Table {
  readonly services: readonly ServiceWithServers[];
  /** Undefined: not specified; they stay as they are. */
  readonly timeouts?: Timeouts | undefined;
  /** At most one of each role, none where none is to run. Undefined: not specified; they stay as they are. */
  readonly syncDaemons?: readonly SyncDaemon[] | undefined;
}

/** A virtual service with its real servers as the kernel reports them: with counters and connections. */
export interface TableEntry extends ServiceWithServers {
  readonly service: ServiceEntry;
  readonly servers: readonly ServerEntry[];
}

/** A table as the kernel reports it. It is a `Table`, too: whatever takes one leaves counters and connections out. */
export interface TableSnapshot extends Table, Settings {
  readonly services: readonly TableEntry[];
  readonly timeouts: Timeouts;
  readonly syncDaemons: readonly SyncDaemon[];
}
