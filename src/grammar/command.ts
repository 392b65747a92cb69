import type { Change } from '../model/change.js';
import type { ServiceKey } from '../model/service.js';

/** Layouts of the classic listing of the table. */
export type TableLayout = 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info';

/** Layouts of the table, highest precedence first, for a line with several. */
export const layouts = ['stats', 'rate', 'thresholds', 'persistent-conn', 'tun-info'] as const satisfies TableLayout[];

/** A command line as plain data. */
export type ClassicCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'change'; readonly change: Change }
  | {
      readonly kind: 'list';
      /** Only this service; undefined: all. */
      readonly key: ServiceKey | undefined;
      readonly layout: TableLayout;
      /** Addresses and ports as numbers. */
      readonly numeric: boolean;
      /** Counters in full. */
      readonly exact: boolean;
      /** In the order of addresses, otherwise in the kernel's. */
      readonly sorted: boolean;
      readonly json: boolean;
      /** Read from /proc/net/ip_vs. */
      readonly proc: boolean;
    }
  | { readonly kind: 'list-timeouts'; readonly json: boolean }
  | { readonly kind: 'list-daemons'; readonly json: boolean }
  | {
      readonly kind: 'list-connections';
      /** An object a line. */
      readonly json: boolean;
      readonly numeric: boolean;
      /** With the data of the persistence engine. */
      readonly persistence: boolean;
    }
  | { readonly kind: 'save'; readonly numeric: boolean }
  | { readonly kind: 'restore' };
