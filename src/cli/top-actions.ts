// What the keys of `top` change, by what the verbs do: a server in, a line about it out.

import { Keepers } from '../command/keepers.js';
import type { RequestInput } from '../director/requests.js';
import { ValueError } from '../errors.js';
import { addressBits } from '../model/address-range.js';
import { serverName, type ServerName } from '../model/entity-name.js';
import { describeEndpoint } from '../model/service.js';
import type { Table } from '../model/table.js';
import { selectServers, withServers, type Selected, type ServerPattern } from '../plan/selection.js';
import type { Io } from '../ports/io.js';
import type { Session } from '../command/session.js';
import { cleanRecord, readDrainRecord, writeDrainRecord } from '../table/drain-record.js';
import { drainServers, refuseOutage, returningServers, withReturned } from '../table/drained-servers.js';
import { readTable } from '../table/read.js';
import { counted } from '../text/counted.js';
import { askKeepers } from './kept-servers.js';
import { checkSeen, type WebActions } from '../web/change.js';
import { makeTable, withLock } from './make-table.js';
import type { TopActions } from './top-keys.js';

/** Seconds to wait for another command: somebody watches. */
const patience = 2;

function patternOf({ service, family, address, port }: ServerName): ServerPattern {
  const hosts = [{ family, address, prefix: addressBits[family] }];
  return { word: describe({ service, family, address, port }), service, hosts, port };
}

function describe({ service, family, address, port }: ServerName): string {
  if (service !== undefined && port !== undefined) return serverName(service, { family, address, port });
  return port === undefined ? address : describeEndpoint({ family, address, port });
}

/** The actions of a session. They reject with an IpvsError where they are refused; nothing is written to the screen. */
export function topActions(session: Session): TopActions {
  const actions = tableActions(session, 'top');
  return { ...actions, drain: (target) => actions.drain(target, undefined) };
}

/** The same for the page, where people give reasons. */
export function tableActions({ io, client }: Session, program = 'web'): WebActions {
  const change = (
    verb: string,
    target: ServerName,
    plan: (from: Table, selected: readonly Selected[]) => Table,
    request: (servers: readonly string[]) => RequestInput,
    seen: string | undefined,
  ): Promise<string> =>
    withLock(io, patience, `${program} (${verb} ${describe(target)})`, async () => {
      const keepers = await Keepers.find(io.machine);
      const from = await readTable(client);
      checkSeen(from.services, target, seen);
      const selected = selectServers(keepers.complete(from), [patternOf(target)]);
      const { own, kept } = keepers.split(selected);
      const { quiet, complaints } = quietIo(io);
      const status = await makeTable(quiet, client, from, plan(from, own), { verb, json: false, quiet: true });
      if (status !== 0) throw new ValueError(complaints().replaceAll('\n', ' ').trim());
      await askKeepers(io, kept, request);
      return `${verb} ${describe(target)}: ${counted(new Set(selected.map(({ key }) => key)).size, 'service')}`;
    });
  const { state } = io.machine;
  return {
    drain: (target, reason, seen) =>
      change(
        'drain',
        target,
        (from, selected) => {
          const note = { by: io.machine.user, at: new Date(io.machine.date()).toISOString(), reason };
          const { table, record } = drainServers(from, cleanRecord(readDrainRecord(state), from), selected, note);
          refuseOutage(from, table);
          writeDrainRecord(state, record);
          return table;
        },
        (servers) => ({ do: 'drain', servers, reason, by: io.machine.user }),
        seen,
      ),
    undrain: (target, seen) =>
      change(
        'undrain',
        target,
        (from, selected) => withReturned(from, returningServers(readDrainRecord(state), selected), 1),
        (servers) => ({ do: 'undrain', servers }),
        seen,
      ),
    setWeight: (target, weight, seen) =>
      change(
        'set',
        target,
        (from, selected) => {
          const table = withServers(from, selected, (server) => ({ ...server, weight }));
          refuseOutage(from, table);
          return table;
        },
        (servers) => ({
          do: 'weigh',
          weights: Object.fromEntries(servers.map((name) => [name, weight])),
          by: io.machine.user,
        }),
        seen,
      ),
  };
}

/** The same machine, whose messages are kept: the screen is not theirs. */
export function quietIo(io: Io): { readonly quiet: Io; readonly complaints: () => string } {
  let text = '';
  const stderr = {
    isTerminal: false,
    columns: undefined,
    readerGone: false,
    write: (more: string | Uint8Array): Promise<void> => {
      text += typeof more === 'string' ? more : Buffer.from(more).toString();
      return Promise.resolve();
    },
  };
  return { quiet: Object.create(io, { stderr: { value: stderr } }) as Io, complaints: () => text };
}
