import { constants } from 'node:os';
import { debuglog } from 'node:util';
import { DecodeError, KernelError, UnavailableError } from '../errors.js';
import { changeSubject, type Change } from '../model/change.js';
import type { ServerRows } from '../model/server-rows.js';
import { serverId, type RealServer, type ServerKey } from '../model/server.js';
import { describeService, serviceId, type ServiceKey, type VirtualService } from '../model/service.js';
import type {
  IpvsInfo,
  ServerEntry,
  ServerState,
  ServiceEntry,
  SyncDaemon,
  SyncRole,
  Timeouts,
} from '../model/state.js';
import type { Transport } from '../ports/transport.js';
import { appendServer } from '../wire/decode-rows.js';
import {
  daemonOf,
  infoOf,
  serverEntryOf,
  serverKeyOf,
  serverStateOf,
  serviceEntryOf,
  serviceKeyOf,
  timeoutsOf,
} from '../wire/decode.js';
import { changeValues, serviceKeyValues } from '../wire/encode.js';
import { writeRequest, type ReplyPayload } from '../wire/message.js';
import {
  commandAttributes,
  infoAttributes,
  ipvsCommand,
  ipvsFamilyVersion,
  keyAttributes,
  serverStateAttributes,
  type CommandValues,
} from '../wire/tables.js';
import { Writer } from '../wire/writer.js';
import { Channel, type QueryResult } from './channel.js';
import { findFamily } from './family.js';
import { RequestBatch } from './request-batch.js';

const { ENOENT } = constants.errno;

/** How often a table that keeps changing is read to find two readings that are the same. */
const mostReadings = 10;

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`${name}: missing in the kernel's reply`);
  return value;
}

function valuesOf({ view, offset, length }: ReplyPayload): CommandValues {
  return commandAttributes.decode(view, offset, length, 'IPVS reply');
}

function decodeService(payload: ReplyPayload): ServiceEntry {
  return serviceEntryOf(required(valuesOf(payload).service, 'IPVS_CMD_ATTR_SERVICE'));
}

/** With NODE_DEBUG=ipvsadm, messages are printed on the standard error output, by the kernel's names. */
async function withDebug(transport: Transport): Promise<Transport> {
  const debug = debuglog('ipvsadm');
  if (!debug.enabled) return transport;
  const { debugTransport } = await import('./debug-transport.js');
  return debugTransport(transport, (line) => {
    debug('%s', line);
  });
}

/**
 * Makes changes that are in messages already, as `IpvsClient.changeAll` does; may be called again.
 * @throws {TransportError} when replies were lost; how many changes were made is then unknown.
 * @throws {DecodeError} when a reply is no valid message; likewise.
 * @throws {UnavailableError} when IPVS was unloaded (ENOPROTOOPT).
 */
export type PreparedChanges = () => Promise<(KernelError | undefined)[]>;

/** What is asked of the kernel. */
interface Question {
  readonly command: number;
  /** The service that is asked about, if any. */
  readonly key?: ServiceKey;
  /** Whether the reply is a list. */
  readonly dump: boolean;
}

/** A question whose reply has values. */
interface ValueQuestion<R> extends Question {
  readonly decode: (payload: ReplyPayload) => R;
}

/** A question about a list that may come in several pieces. */
interface TableQuestion<R> extends ValueQuestion<R> {
  /** What tells an entry from all others. */
  readonly identify: (entry: R) => string;
  /** The same of an entry in a reply, without decoding the rest. */
  readonly identifyReply: (payload: ReplyPayload) => string;
}

/**
 * The kernel's IPVS table of the network namespace that the process is in. Needs CAP_NET_ADMIN. Calls are carried out
 * one after the other, in the order in which they were made.
 *
 * The event loop turns during long calls. Where a call rejects with a TransportError or DecodeError, later ones still
 * work; after `close` all reject with a TransportError. An open client does not keep the process alive.
 */
export class IpvsClient {
  readonly #channel: Channel;
  /** Number of the IPVS family: another one each time that the module is loaded. */
  #family: number;
  /** For what is written at once; what waits to be sent is elsewhere. */
  readonly #writer = new Writer();
  /** Ends when the calls before have ended. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Version and table size, as read when the client was opened. */
  readonly info: IpvsInfo;

  private constructor(channel: Channel, family: number, info: IpvsInfo) {
    this.#channel = channel;
    this.#family = family;
    this.info = info;
  }

  /**
   * Opens a socket to the kernel of this machine and makes sure that it has IPVS. Loads no module.
   * @throws {UnavailableError} when the kernel has no IPVS (ENOPROTOOPT) or does not let us (EPERM).
   * @throws {TransportError} when the system gives no socket, or /proc is not mounted.
   * @throws {DecodeError} when a reply is no valid message.
   */
  static async open(): Promise<IpvsClient> {
    const { openNetlinkTransport } = await import('../socket/netlink-transport.js');
    return IpvsClient.connect(openNetlinkTransport());
  }

  /**
   * Uses a socket, and makes sure that there is an IPVS at the other end.
   * @throws {UnavailableError} when the kernel has no IPVS (ENOPROTOOPT) or does not let us (EPERM).
   * @throws {TransportError} when the socket fails. It is closed then, as after every other error.
   * @throws {DecodeError} when a reply is no valid message.
   */
  static async connect(transport: Transport): Promise<IpvsClient> {
    const channel = new Channel(await withDebug(transport));
    try {
      const family = await findFamily(channel);
      let info: IpvsInfo | undefined;
      const { errno } = await channel.query(
        {
          family,
          version: ipvsFamilyVersion,
          command: ipvsCommand.getInfo,
          attributes: commandAttributes,
          values: {},
        },
        false,
        ({ view, offset, length }) => {
          info = infoOf(infoAttributes.decode(view, offset, length, 'reply to getInfo'));
        },
      );
      if (errno !== 0) throw new UnavailableError(errno);
      return new IpvsClient(channel, family, required(info, 'IPVS_CMD_SET_INFO'));
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  /**
   * All virtual services, in the kernel's order, each once. The kernel makes a long list in several pieces, and another
   * program may change the table between two: such a list is read until two readings agree. Where none do, ten times,
   * it is all that the last two had, so that what stays in the table is not missing.
   * @throws {KernelError}
   * @throws {TransportError} when replies were lost.
   * @throws {DecodeError} when a reply is no valid message.
   * @throws {UnavailableError} when IPVS was unloaded (ENOPROTOOPT).
   */
  async services(): Promise<ServiceEntry[]> {
    return this.#table({
      command: ipvsCommand.getService,
      dump: true,
      decode: decodeService,
      identify: ({ key }) => serviceId(key),
      identifyReply: ({ view, offset, length }) => {
        const { service } = keyAttributes.decode(view, offset, length, 'IPVS reply');
        return serviceId(serviceKeyOf(required(service, 'IPVS_CMD_ATTR_SERVICE')));
      },
    });
  }

  /**
   * One virtual service.
   * @throws {KernelError} ESRCH where there is no such service.
   * @throws as `services` does.
   */
  async service(key: ServiceKey): Promise<ServiceEntry> {
    const question = { command: ipvsCommand.getService, key, dump: false, decode: decodeService };
    const [entry] = await this.#ask(question);
    return required(entry, 'IPVS_CMD_ATTR_SERVICE');
  }

  /**
   * The real servers of a service, in the kernel's order, each once, as `services` reads; none where there is no such
   * service.
   * @throws as `services` does.
   */
  async servers(key: ServiceKey): Promise<ServerEntry[]> {
    return this.#servers(key, ({ view, offset, length }) => {
      const { server } = commandAttributes.decode(view, offset, length, 'IPVS reply');
      return serverEntryOf(required(server, 'IPVS_CMD_ATTR_DEST'), key.family);
    });
  }

  /**
   * The same without counters and rates, which costs less.
   * @throws as `services` does.
   */
  async serverStates(key: ServiceKey): Promise<ServerState[]> {
    return this.#servers(key, ({ view, offset, length }) => {
      const { server } = serverStateAttributes.decode(view, offset, length, 'IPVS reply');
      return serverStateOf(required(server, 'IPVS_CMD_ATTR_DEST'), key.family);
    });
  }

  /**
   * Reads the servers of a service into rows, in place of what these have: for the classic listings, whose time it is.
   * Each once; a list in which some come twice is read again, at most ten times. That none is missing, as `servers` makes
   * sure, would take a second reading of every longer list.
   * @internal
   */
  async readServers(key: ServiceKey, rows: ServerRows): Promise<void> {
    await this.#inTurn(async () => {
      for (let readings = 1; ; readings++) {
        rows.clear();
        const question = { command: ipvsCommand.getDest, key, dump: true };
        const { pieces, interrupted } = await this.#query(question, (payload) => {
          appendServer(rows, payload, key.family);
        });
        if (pieces < 2) return;
        const isConsistent = rows.dropRepeats() === 0 && !interrupted;
        if (isConsistent || readings === mostReadings) return;
      }
    });
  }

  /** The timeouts of connections. @throws as `services` does. */
  async timeouts(): Promise<Timeouts> {
    const decode = (payload: ReplyPayload): Timeouts => timeoutsOf(valuesOf(payload));
    const [timeouts] = await this.#ask({ command: ipvsCommand.getConfig, dump: false, decode });
    return required(timeouts, 'IPVS_CMD_SET_CONFIG');
  }

  /**
   * The synchronisation daemons that run: none, a master, a backup, or both.
   * @throws as `services` does.
   */
  async syncDaemons(): Promise<SyncDaemon[]> {
    const decode = (payload: ReplyPayload): SyncDaemon =>
      daemonOf(required(valuesOf(payload).daemon, 'IPVS_CMD_ATTR_DAEMON'));
    return this.#ask({ command: ipvsCommand.getDaemon, dump: true, decode });
  }

  /**
   * Makes a change.
   * @throws {KernelError} when the kernel refuses it: EEXIST, ESRCH (no such service), ENOENT, EINVAL, EPERM, ...
   * @throws as `changeAll` does.
   */
  async change(change: Change): Promise<void> {
    const [error] = await this.changeAll([change]);
    if (error !== undefined) throw error;
  }

  /**
   * Makes many changes in order, many to a datagram. A refused one does not stop the others.
   * @returns the refusal of each change, undefined where it was carried out.
   * @throws {ValueError} when one of them can't be put into a message; nothing has been done then.
   * @throws {TransportError} when replies were lost; how many changes were made is then unknown.
   * @throws {DecodeError} when a reply is no valid message; likewise.
   * @throws {UnavailableError} when IPVS was unloaded (ENOPROTOOPT).
   */
  async changeAll(changes: readonly Change[]): Promise<(KernelError | undefined)[]> {
    return this.prepare(changes)();
  }

  /**
   * Puts changes into messages, so that none is made before a later one turns out to be none.
   * @throws {ValueError} for the first that can't be.
   */
  prepare(changes: readonly Change[]): PreparedChanges {
    const batches = RequestBatch.ofAll(changes, this.#writer, (change) => {
      const { command, values } = changeValues(change);
      // Family and number are filled in when it is sent.
      const header = { family: 0, version: ipvsFamilyVersion, command, flags: 0, sequence: 0 };
      writeRequest(this.#writer, header, commandAttributes, values);
    });
    return () =>
      this.#inTurn(async () => {
        const results: number[] = [];
        for (const batch of batches) results.push(...(await this.#execute(batch)));
        return changes.map((change, index) => {
          const errno = results[index] ?? 0;
          return errno === 0 ? undefined : new KernelError(errno, change.kind, changeSubject(change));
        });
      });
  }

  // Each of these throws what `change` does; the errors named are the kernel's most frequent ones.

  /** Adds a virtual service. @throws {KernelError} EEXIST, ENOENT (no such scheduler or persistence engine), ... */
  async addService(service: VirtualService): Promise<void> {
    await this.change({ kind: 'add-service', service });
  }

  /** Replaces all settings of a virtual service. @throws {KernelError} ESRCH, ENOENT, ... */
  async editService(service: VirtualService): Promise<void> {
    await this.change({ kind: 'edit-service', service });
  }

  /** Removes a virtual service with its servers. @throws {KernelError} ESRCH, ... */
  async deleteService(key: ServiceKey): Promise<void> {
    await this.change({ kind: 'delete-service', key });
  }

  /** Adds a real server to a service. @throws {KernelError} EEXIST, ESRCH (no such service), ... */
  async addServer(key: ServiceKey, server: RealServer): Promise<void> {
    await this.change({ kind: 'add-server', key, server });
  }

  /** Replaces all settings of a real server. @throws {KernelError} ENOENT, ESRCH (no such service), ... */
  async editServer(key: ServiceKey, server: RealServer): Promise<void> {
    await this.change({ kind: 'edit-server', key, server });
  }

  /** Removes a real server from a service. @throws {KernelError} ENOENT, ESRCH (no such service), ... */
  async deleteServer(key: ServiceKey, server: ServerKey): Promise<void> {
    await this.change({ kind: 'delete-server', key, server });
  }

  /** Removes all services and their servers. @throws {KernelError} */
  async flush(): Promise<void> {
    await this.change({ kind: 'flush' });
  }

  /** Sets counters to zero: those of a service and its servers, or all. @throws {KernelError} ESRCH, ... */
  async zero(key?: ServiceKey): Promise<void> {
    await this.change({ kind: 'zero', key });
  }

  /** Sets the timeouts; 0 keeps a value. @throws {KernelError} */
  async setTimeouts(timeouts: Timeouts): Promise<void> {
    await this.change({ kind: 'set-timeouts', timeouts });
  }

  /** Starts a synchronisation daemon. @throws {KernelError} EEXIST, ENODEV (no such interface), ... */
  async startSyncDaemon(daemon: SyncDaemon): Promise<void> {
    await this.change({ kind: 'start-daemon', daemon });
  }

  /** Stops a synchronisation daemon. @throws {KernelError} ESRCH where none runs. */
  async stopSyncDaemon(role: SyncRole): Promise<void> {
    await this.change({ kind: 'stop-daemon', role });
  }

  /** Closes the socket; calls that are under way reject with a TransportError. May be called twice. */
  close(): void {
    this.#channel.close();
  }

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    this.close();
  }

  /** Carries out a call when those before have ended. */
  async #inTurn<R>(call: () => Promise<R>): Promise<R> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /**
   * Looks up the family anew. The kernel says ENOENT of a family that it doesn't have, as of much else that is missing.
   * @returns whether it has another number now, as after the module was loaded again: worth another try.
   * @throws {UnavailableError} when it is gone.
   */
  async #findFamilyAnew(): Promise<boolean> {
    const family = await findFamily(this.#channel);
    const isOther = family !== this.#family;
    this.#family = family;
    return isOther;
  }

  /** Sends a batch. @returns an error number for each change. */
  async #execute(batch: RequestBatch): Promise<number[]> {
    const results = await this.#channel.execute(batch, this.#family);
    const isRefused = results.every((errno) => errno === ENOENT);
    return isRefused && (await this.#findFamilyAnew()) ? this.#channel.execute(batch, this.#family) : results;
  }

  async #servers<R extends ServerKey>(key: ServiceKey, decode: (payload: ReplyPayload) => R): Promise<R[]> {
    return this.#table({
      command: ipvsCommand.getDest,
      key,
      dump: true,
      decode,
      identify: serverId,
      identifyReply: ({ view, offset, length }) => {
        const { server } = keyAttributes.decode(view, offset, length, 'IPVS reply');
        return serverId(serverKeyOf(required(server, 'IPVS_CMD_ATTR_DEST'), key.family));
      },
    });
  }

  /** Asks for a list until two readings in a row agree. */
  async #table<R>(question: TableQuestion<R>): Promise<R[]> {
    return this.#inTurn(async () => {
      const all = new Map<string, R>();
      for (let readings = 1; ; readings++) {
        const entries: R[] = [];
        const { pieces, interrupted } = await this.#query(question, (payload) => {
          entries.push(question.decode(payload));
        });
        // A piece by itself is made at one moment.
        if (pieces < 2) return entries;
        const ids = entries.map(question.identify);
        if (!interrupted && new Set(ids).size === ids.length && (await this.#isStill(question, ids))) return entries;
        if (readings > mostReadings - 2) for (const entry of entries) all.set(question.identify(entry), entry);
        if (readings === mostReadings) return [...all.values()];
      }
    });
  }

  /** Whether the kernel has these very entries, in the same order. */
  async #isStill<R>(question: TableQuestion<R>, ids: readonly string[]): Promise<boolean> {
    const found: string[] = [];
    await this.#query(question, (payload) => {
      found.push(question.identifyReply(payload));
    });
    return found.length === ids.length && found.every((id, index) => id === ids[index]);
  }

  async #ask<R>(question: ValueQuestion<R>): Promise<R[]> {
    return this.#inTurn(async () => {
      const entries: R[] = [];
      await this.#query(question, (payload) => {
        entries.push(question.decode(payload));
      });
      return entries;
    });
  }

  /** Asks for data. @throws {KernelError} with the operation `list`. */
  async #query({ command, key, dump }: Question, read: (payload: ReplyPayload) => void): Promise<QueryResult> {
    const values = key === undefined ? {} : { service: serviceKeyValues(key) };
    const request = { version: ipvsFamilyVersion, command, attributes: commandAttributes, values };
    let result = await this.#channel.query({ ...request, family: this.#family }, dump, read);
    if (result.errno === ENOENT && (await this.#findFamilyAnew())) {
      result = await this.#channel.query({ ...request, family: this.#family }, dump, read);
    }
    if (result.errno === 0) return result;
    throw new KernelError(result.errno, 'list', key === undefined ? '' : describeService(key));
  }
}
