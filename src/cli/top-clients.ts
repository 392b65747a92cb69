import type { Io } from '../ports/io.js';
import { countConnectionsOf } from '../table/connection-groups.js';
import { connectionPieces } from '../table/connections.js';
import type { ClientCounts, TopData } from './top-rows.js';

/** Clients that are shown at most: nobody looks at more. */
const mostClients = 1000;

/** Reads the connection table for the clients with the most connections. */
export async function readClients(io: Io): Promise<Required<Pick<TopData, 'clients' | 'totals'>>> {
  const pieces = connectionPieces((path) => io.machine.readFile(path));
  const groups = await countConnectionsOf(pieces, { by: ['client'] });
  const clients: ClientCounts[] = [];
  for await (const { key, ...counts } of await groups.sorted('connections', mostClients)) {
    clients.push({ client: key.client ?? '', ...counts });
  }
  return { clients, totals: groups.totals };
}
