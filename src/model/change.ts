import type { RealServer, ServerKey } from './server.js';
import { describeEndpoint, describeService, type ServiceKey, type VirtualService } from './service.js';
import type { SyncDaemon, SyncRole, Timeouts } from './state.js';

/** One change that the kernel can be asked for. It is made as a whole or refused as a whole. */
export type Change =
  | { readonly kind: 'add-service'; readonly service: VirtualService }
  /** Replaces all settings of the service. */
  | { readonly kind: 'edit-service'; readonly service: VirtualService }
  | { readonly kind: 'delete-service'; readonly key: ServiceKey }
  | { readonly kind: 'add-server'; readonly key: ServiceKey; readonly server: RealServer }
  /** Replaces all settings of the server. */
  | { readonly kind: 'edit-server'; readonly key: ServiceKey; readonly server: RealServer }
  | { readonly kind: 'delete-server'; readonly key: ServiceKey; readonly server: ServerKey }
  /** Removes all services and their servers. */
  | { readonly kind: 'flush' }
  /** Sets the counters of a service and its servers, or of everything, to zero. */
  | { readonly kind: 'zero'; readonly key?: ServiceKey | undefined }
  | { readonly kind: 'set-timeouts'; readonly timeouts: Timeouts }
  | { readonly kind: 'start-daemon'; readonly daemon: SyncDaemon }
  | { readonly kind: 'stop-daemon'; readonly role: SyncRole };

/** What a change is about, such as `TCP 192.0.2.1:80` or `192.0.2.7:80 of TCP 192.0.2.1:80`; may be empty. */
export function changeSubject(change: Change): string {
  switch (change.kind) {
    case 'add-service':
    case 'edit-service':
      return describeService(change.service.key);
    case 'delete-service':
      return describeService(change.key);
    case 'add-server':
    case 'edit-server':
    case 'delete-server':
      return `${describeEndpoint(change.server)} of ${describeService(change.key)}`;
    case 'zero':
      return change.key === undefined ? '' : describeService(change.key);
    case 'start-daemon':
      return change.daemon.role;
    case 'stop-daemon':
      return change.role;
    case 'flush':
    case 'set-timeouts':
      return '';
  }
}
