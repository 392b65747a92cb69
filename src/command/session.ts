import type { IpvsClient } from '../client/client.js';
import type { Io } from '../io.js';

/** What a command works with. */
export interface Session {
  readonly io: Io;
  readonly client: IpvsClient;
}
