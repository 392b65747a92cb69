import { constants } from 'node:os';
import { TransportError } from '../errors.js';
import type { Change } from '../model/change.js';
import type { ServerKey } from '../model/server.js';
import type { ServiceKey } from '../model/service.js';
import type { Table, TableSnapshot } from '../model/table.js';
import type { Transport } from '../ports/transport.js';
import { controlType, messageFlag } from '../wire/message.js';
import { rawMessages, type RawMessage } from '../wire/raw-message.js';
import {
  commandAttributes,
  controllerAttributes,
  controllerFamily,
  infoAttributes,
  ipvsCommand,
  ipvsFamilyName,
  type CommandValues,
} from '../wire/tables.js';
import { changeOf, serviceKeyIn } from './decode-change.js';
import { MemoryTable, type RefusalName, type Traffic } from './memory-table.js';
import { dataDatagram, listDatagrams, listed, resultDatagram } from './replies.js';

/** A number as the kernel gives families. */
const ipvsFamily = 0x1c;

/** CTRL_CMD_NEWFAMILY: the reply to getFamily. Source: include/uapi/linux/genetlink.h. */
const newFamily = 1;

/** IPVS 1.2.1, a byte each, and the kernel's default table size. */
const info = { version: 0x010201, connectionTableSize: 4096 };

function findFamily(request: RawMessage): Uint8Array[] | RefusalName {
  const { command, view, offset, length } = request;
  const { familyName } = controllerAttributes.decode(view, offset, length, 'request');
  if (command !== controllerFamily.getFamily) return 'EOPNOTSUPP';
  if (familyName !== ipvsFamilyName) return 'ENOENT';
  return [dataDatagram(request, newFamily, controllerAttributes, { familyId: ipvsFamily, familyName })];
}

type Question = (request: RawMessage, table: MemoryTable, values: CommandValues) => Uint8Array[] | RefusalName;

/** What is replied to each command that asks for something. */
const questions: ReadonlyMap<number, Question> = new Map<number, Question>([
  [ipvsCommand.getInfo, (request) => [dataDatagram(request, ipvsCommand.setInfo, infoAttributes, info)]],
  [
    ipvsCommand.getConfig,
    (request, { timeouts: { tcp, tcpFin, udp } }) => {
      const values = { timeoutTcp: tcp, timeoutTcpFin: tcpFin, timeoutUdp: udp };
      return [dataDatagram(request, ipvsCommand.setConfig, commandAttributes, values)];
    },
  ],
  [ipvsCommand.getDaemon, (request, { syncDaemons }) => listDatagrams(request, syncDaemons.map(listed.daemon))],
  [
    ipvsCommand.getDest,
    (request, table, values) => listDatagrams(request, table.servers(serviceKeyIn(values)).map(listed.server)),
  ],
  [
    ipvsCommand.getService,
    (request, table, values) => {
      if ((request.flags & messageFlag.dump) !== 0) return listDatagrams(request, table.services.map(listed.service));
      const service = table.service(serviceKeyIn(values));
      return service === undefined ? 'ESRCH' : [dataDatagram(request, ...listed.service(service))];
    },
  ],
]);

/**
 * A kernel in memory, for tests of programs that use the library: `IpvsClient.connect(new FakeKernel(table))`. It takes
 * the client's datagrams and replies with the kernel's, so that nothing of the client is replaced. It knows what the kernel
 * refuses because of what is in its table (EEXIST, ESRCH, ENOENT) and little else: it balances nothing, checks no
 * schedulers and no interfaces. `onChange` stands for all other refusals.
 */
export class FakeKernel implements Transport {
  readonly #table: MemoryTable;
  readonly #replies: Uint8Array[] = [];
  readonly #changes: Change[] = [];
  #isClosed = false;

  /**
   * Called with each change before it is made. What it returns refuses the change, as if the kernel had; it may make
   * changes itself, by `change`, as another process would.
   */
  onChange: ((change: Change) => RefusalName | undefined) | undefined;

  /** @param table what is there at first; entries of a `TableSnapshot` keep their counters. Default: an empty table. */
  constructor(table: Table = { services: [] }) {
    this.#table = new MemoryTable(table);
  }

  /** What the table holds now, in the order in which it was added. */
  get table(): TableSnapshot {
    return this.#table.snapshot();
  }

  /** The changes that clients have made, in order, without those that were refused. */
  get changes(): readonly Change[] {
    return [...this.#changes];
  }

  /** Makes a change as another process would: `changes` does not have it. @returns why it is refused, if it is. */
  change(change: Change): RefusalName | undefined {
    return this.#table.change(change);
  }

  /**
   * Sets counters of a service, or counters and connections of one of its servers; what is left out stays.
   * @throws {RangeError} where there is no such service or server.
   */
  report(key: ServiceKey, server: ServerKey | undefined, traffic: Traffic): void {
    this.#table.report(key, server, traffic);
  }

  /** Takes a datagram of requests, as the socket of the kernel does. */
  send(datagram: Uint8Array): void {
    this.#checkOpen();
    for (const request of rawMessages(datagram)) this.#replies.push(...this.#repliesTo(request));
  }

  /** The next datagram of replies; undefined where there is none. */
  receive(): Uint8Array | undefined {
    this.#checkOpen();
    return this.#replies.shift();
  }

  /** Closes the socket, as a client does when it is closed. The table stays, to be looked at. */
  close(): void {
    this.#isClosed = true;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new TransportError('the netlink socket is closed');
  }

  #repliesTo(request: RawMessage): Uint8Array[] {
    const outcome = this.#carryOut(request);
    if (typeof outcome === 'string') return [resultDatagram(request, constants.errno[outcome])];
    const isAcknowledged = (request.flags & (messageFlag.ack | messageFlag.dump)) === messageFlag.ack;
    return isAcknowledged ? [...outcome, resultDatagram(request, 0)] : outcome;
  }

  /** @returns the data that a request is replied to with, or why it is refused. */
  #carryOut(request: RawMessage): Uint8Array[] | RefusalName {
    if (request.type === controlType.noop) return [];
    if (request.type === controllerFamily.type) return findFamily(request);
    // The number of a family that is not there.
    if (request.type !== ipvsFamily) return 'ENOENT';
    const { command, view, offset, length } = request;
    const values = commandAttributes.decode(view, offset, length, 'request');
    const question = questions.get(command);
    if (question !== undefined) return question(request, this.#table, values);
    const change = changeOf(command, values);
    if (change === undefined) return 'EOPNOTSUPP';
    const refusal = this.onChange?.(change) ?? this.#table.change(change);
    if (refusal !== undefined) return refusal;
    this.#changes.push(change);
    return [];
  }
}
