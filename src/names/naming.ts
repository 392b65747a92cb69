import type { Protocol } from '../model/service.js';

/** Names of addresses and ports, as far as they are known; undefined: show the number. */
export interface Naming {
  /** Nothing has a name, so nothing needs to be looked up. */
  readonly numeric: boolean;
  /** What is shown will be read again, so it is never cut. */
  readonly restorable?: boolean;
  host(address: string): string | undefined;
  service(port: number, protocol: Protocol): string | undefined;
}

/** Shows numbers only. */
export const numericNaming: Naming = { numeric: true, host: () => undefined, service: () => undefined };
