import { constants } from 'node:os';
import { debuglog } from 'node:util';
import { KernelError, UnavailableError } from '../errors.js';
import { inCanonicalForm } from '../model/address-kind.js';
import type { ServiceSettings, ServerSettings } from '../model/build.js';
import { changeSubject, type Change } from '../model/change.js';
import type { ServerRows } from '../model/server-rows.js';
import { serverId, type RealServer, type ServerKey } from '../model/server.js';
import { describeEndpoint, describeService, type ServiceKey, type VirtualService } from '../model/service.js';
import type {
  IpvsInfo,
  ServerEntry,
  ServerState,
  ServiceEntry,
  SyncDaemon,
  SyncRole,
  Timeouts,
} from '../model/state.js';
import { serverFieldsThatDiffer, serviceFieldsThatDiffer } from '../plan/difference.js';
import type { Transport } from '../ports/transport.js';
import { appendServer } from '../wire/decode-rows.js';
import { daemonOf, infoOf, timeoutsOf } from '../wire/decode.js';
import { changeValues, serviceKeyValues } from '../wire/encode.js';
import { writeRequest, type ReplyPayload } from '../wire/message.js';
import { commandAttributes, infoAttributes, ipvsCommand, ipvsFamilyVersion } from '../wire/tables.js';
import { Writer } from '../wire/writer.js';
import { Channel, type QueryResult } from './channel.js';
import { findFamily } from './family.js';
import { isMadeAlready, PresentTable } from './made-already.js';
import {
  required,
  valuesOf,
  servicesQuestion,
  serviceQuestion,
  entryQuestion,
  stateQuestion,
  type Question,
  type ValueQuestion,
  type TableQuestion,
} from './questions.js';
import { RequestBatch } from './request-batch.js';

const { ENOENT } = constants.errno;

/** Prints messages where the environment has NODE_DEBUG=ipvsadm. */
const debug = debuglog('ipvsadm');

/** How often a table that keeps changing is read to find two readings that are the same. */
const mostReadings = 10;

/** How a call is made. */
export interface CallOptions {
  /**
   * Ends the call when it is aborted: it rejects with the signal's reason. A signal is heard when the event loop turns,
   * which it does every few milliseconds of a long call.
   */
  readonly signal?: AbortSignal | undefined;
}

/** How changes are made. */
export interface ChangeOptions extends CallOptions {
  /**
   * True: the removal of what is gone, and the addition of what is there and equal, are no refusals. What is there is
   * looked at after all changes were made. Default: false.
   */
  readonly idempotent?: boolean | undefined;
}

/** Settings of a real server to change; the others stay. Those of `tunnel` likewise. */
export type ServerUpdate = Omit<ServerSettings, 'address' | 'port'>;

/** Settings of a virtual service to change; the others stay. Undefined ends persistence, or its engine. */
export type ServiceUpdate = ServiceSettings;

/**
 * Makes changes that are in messages already, as `IpvsClient.changeAll` does; may be called again.
 * @throws the reason of `signal`, as `changeAll` does.
 * @throws {TransportError} when replies were lost; how many changes were made is then unknown.
 * @throws {DecodeError} when a reply is no valid message; likewise.
 * @throws {UnavailableError} when IPVS was unloaded (ENOPROTOOPT).
 */
export type PreparedChanges = (signal?: AbortSignal) => Promise<(KernelError | undefined)[]>;

/**
 * The kernel's IPVS table of the network namespace that the process is in. Needs CAP_NET_ADMIN in the initial user
 * namespace. Calls are carried out one after the other, in the order in which they were made.
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
    const channel = new Channel(
      debug.enabled ? (await import('./traced-transport.js')).tracedTransport(transport, debug) : transport,
    );
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
   * @throws the reason of `signal`.
   * @throws {KernelError}
   * @throws {TransportError} when replies were lost.
   * @throws {DecodeError} when a reply is no valid message.
   * @throws {UnavailableError} when IPVS was unloaded (ENOPROTOOPT).
   */
  async services({ signal }: CallOptions = {}): Promise<ServiceEntry[]> {
    return this.#inTurn(() => this.#list(servicesQuestion, signal));
  }

  /**
   * One virtual service.
   * @throws {KernelError} ESRCH where there is no such service.
   * @throws as `services` does.
   */
  async service(key: ServiceKey, { signal }: CallOptions = {}): Promise<ServiceEntry> {
    return this.#inTurn(() => this.#service(key, signal));
  }

  /**
   * The real servers of a service, in the kernel's order, each once, as `services` reads; none where there is no such
   * service.
   * @throws as `services` does.
   */
  async servers(key: ServiceKey, { signal }: CallOptions = {}): Promise<ServerEntry[]> {
    return this.#inTurn(() => this.#list(entryQuestion(key), signal));
  }

  /**
   * The same without counters and rates, which costs less.
   * @throws as `services` does.
   */
  async serverStates(key: ServiceKey, { signal }: CallOptions = {}): Promise<ServerState[]> {
    return this.#inTurn(() => this.#list(stateQuestion(key), signal));
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
  async timeouts({ signal }: CallOptions = {}): Promise<Timeouts> {
    const decode = (payload: ReplyPayload): Timeouts => timeoutsOf(valuesOf(payload));
    const question = { command: ipvsCommand.getConfig, dump: false, decode };
    const [timeouts] = await this.#inTurn(() => this.#ask(question, signal));
    return required(timeouts, 'IPVS_CMD_SET_CONFIG');
  }

  /**
   * The synchronisation daemons that run: none, a master, a backup, or both.
   * @throws as `services` does.
   */
  async syncDaemons({ signal }: CallOptions = {}): Promise<SyncDaemon[]> {
    const decode = (payload: ReplyPayload): SyncDaemon =>
      daemonOf(required(valuesOf(payload).daemon, 'IPVS_CMD_ATTR_DAEMON'));
    return this.#inTurn(() => this.#ask({ command: ipvsCommand.getDaemon, dump: true, decode }, signal));
  }

  /**
   * Makes a change.
   * @throws {KernelError} when the kernel refuses it: EEXIST, ESRCH (no such service), ENOENT, EINVAL, EPERM, ...
   * @throws as `changeAll` does.
   */
  async change(change: Change, options: ChangeOptions = {}): Promise<void> {
    const [error] = await this.changeAll([change], options);
    if (error !== undefined) throw error;
  }

  /**
   * Makes many changes in order, many to a datagram. A refused one does not stop the others.
   * @returns the refusal of each change, undefined where it was carried out.
   * @throws the reason of `signal` when it is aborted between two datagrams: the changes of those before were made or
   * refused, which ones is not known. Read the table.
   * @throws {ValueError} when one of them can't be put into a message; nothing has been done then.
   * @throws {TransportError} when replies were lost; how many changes were made is then unknown.
   * @throws {DecodeError} when a reply is no valid message; likewise.
   * @throws {UnavailableError} when IPVS was unloaded (ENOPROTOOPT).
   */
  async changeAll(
    changes: readonly Change[],
    { signal, idempotent = false }: ChangeOptions = {},
  ): Promise<(KernelError | undefined)[]> {
    const results = await this.prepare(changes)(signal);
    return idempotent ? this.#withoutMade(changes, results) : results;
  }

  /**
   * Puts changes into messages, so that none is made before a later one turns out to be none.
   * @throws {ValueError} for the first that can't be.
   */
  prepare(changes: readonly Change[]): PreparedChanges {
    const batches = this.#batches(changes);
    return (signal) => this.#inTurn(() => this.#make(changes, batches, signal));
  }

  /**
   * Changes some settings of a virtual service: reads it and writes it back with them, in one turn. Where they are its
   * settings already, nothing is written. What another process changes in between is lost: the kernel can only replace
   * all settings.
   * @returns the service as it was before.
   * @throws {KernelError} ESRCH (no such service), ENOENT (no such scheduler or persistence engine), ...
   * @throws as `changeAll` does.
   */
  async updateService(key: ServiceKey, update: ServiceUpdate, { signal }: CallOptions = {}): Promise<ServiceEntry> {
    return this.#inTurn(async () => {
      const before = await this.#service(key, signal);
      const service = { ...before, ...update };
      if (serviceFieldsThatDiffer(before, service).length > 0) await this.#makeOne({ kind: 'edit-service', service });
      return before;
    });
  }

  /**
   * Changes some settings of a real server: reads it and writes it back with them, in one turn, so that the others stay
   * as they are, whoever set them. Where they are its settings already, nothing is written. What another process changes
   * in between is lost: the kernel can only replace all settings.
   * @returns the server as it was before.
   * @throws {KernelError} ENOENT (no such server), ESRCH (no such service), ...
   * @throws as `changeAll` does.
   */
  async updateServer(
    key: ServiceKey,
    server: ServerKey,
    { tunnel, ...settings }: ServerUpdate,
    { signal }: CallOptions = {},
  ): Promise<ServerState> {
    const id = serverId({ ...server, address: inCanonicalForm(server.address) });
    return this.#inTurn(async () => {
      const before = (await this.#list(stateQuestion(key), signal)).find((one) => serverId(one) === id);
      if (before === undefined) {
        // The list of a service that is not there is empty, too: that is refused here.
        await this.#service(key, signal);
        throw new KernelError(ENOENT, 'edit-server', `${describeEndpoint(server)} of ${describeService(key)}`);
      }
      const after = { ...before, ...settings, tunnel: { ...before.tunnel, ...tunnel } };
      if (serverFieldsThatDiffer(before, after).length > 0) {
        await this.#makeOne({ kind: 'edit-server', key, server: after });
      }
      return before;
    });
  }

  /**
   * Sets the weight of a real server, 0..2147483647, as `updateServer` does; 0: it gets no new connections.
   * @returns the server as it was before.
   * @throws as `updateServer` does.
   */
  async setWeight(key: ServiceKey, server: ServerKey, weight: number, options: CallOptions = {}): Promise<ServerState> {
    return this.updateServer(key, server, { weight }, options);
  }

  /** Adds a virtual service. @throws {KernelError} EEXIST, ENOENT (no such scheduler or persistence engine), ... */
  async addService(service: VirtualService, options: ChangeOptions = {}): Promise<void> {
    await this.change({ kind: 'add-service', service }, options);
  }

  /** Replaces all settings of a virtual service. @throws {KernelError} ESRCH, ENOENT, ... */
  async editService(service: VirtualService, options: CallOptions = {}): Promise<void> {
    await this.change({ kind: 'edit-service', service }, options);
  }

  /** Removes a virtual service with its servers. @throws {KernelError} ESRCH, ... */
  async deleteService(key: ServiceKey, options: ChangeOptions = {}): Promise<void> {
    await this.change({ kind: 'delete-service', key }, options);
  }

  /** Adds a real server to a service. @throws {KernelError} EEXIST, ESRCH (no such service), ... */
  async addServer(key: ServiceKey, server: RealServer, options: ChangeOptions = {}): Promise<void> {
    await this.change({ kind: 'add-server', key, server }, options);
  }

  /** Replaces all settings of a real server. @throws {KernelError} ENOENT, ESRCH (no such service), ... */
  async editServer(key: ServiceKey, server: RealServer, options: CallOptions = {}): Promise<void> {
    await this.change({ kind: 'edit-server', key, server }, options);
  }

  /** Removes a real server from a service. @throws {KernelError} ENOENT, ESRCH (no such service), ... */
  async deleteServer(key: ServiceKey, server: ServerKey, options: ChangeOptions = {}): Promise<void> {
    await this.change({ kind: 'delete-server', key, server }, options);
  }

  /** Removes all services and their servers. @throws {KernelError} */
  async flush(options: CallOptions = {}): Promise<void> {
    await this.change({ kind: 'flush' }, options);
  }

  /** Sets counters to zero: those of a service and its servers, or all. @throws {KernelError} ESRCH, ... */
  async zero(key?: ServiceKey, options: CallOptions = {}): Promise<void> {
    await this.change({ kind: 'zero', key }, options);
  }

  /** Sets the timeouts; 0 keeps a value. @throws {KernelError} */
  async setTimeouts(timeouts: Timeouts, options: CallOptions = {}): Promise<void> {
    await this.change({ kind: 'set-timeouts', timeouts }, options);
  }

  /** Starts a synchronisation daemon. @throws {KernelError} EEXIST, ENODEV (no such interface), ... */
  async startSyncDaemon(daemon: SyncDaemon, options: ChangeOptions = {}): Promise<void> {
    await this.change({ kind: 'start-daemon', daemon }, options);
  }

  /** Stops a synchronisation daemon. @throws {KernelError} ESRCH where none runs. */
  async stopSyncDaemon(role: SyncRole, options: ChangeOptions = {}): Promise<void> {
    await this.change({ kind: 'stop-daemon', role }, options);
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

  /** @throws {ValueError} for the first change that can't be put into a message. */
  #batches(changes: readonly Change[]): RequestBatch[] {
    return RequestBatch.ofAll(changes, this.#writer, (change) => {
      const { command, values } = changeValues(change);
      // Family and number are filled in when it is sent.
      const header = { family: 0, version: ipvsFamilyVersion, command, flags: 0, sequence: 0 };
      writeRequest(this.#writer, header, commandAttributes, values);
    });
  }

  async #make(
    changes: readonly Change[],
    batches: readonly RequestBatch[],
    signal?: AbortSignal,
  ): Promise<(KernelError | undefined)[]> {
    const results: number[] = [];
    for (const batch of batches) results.push(...(await this.#execute(batch, signal)));
    return changes.map((change, index) => {
      const errno = results[index] ?? 0;
      return errno === 0 ? undefined : new KernelError(errno, change.kind, changeSubject(change));
    });
  }

  /** @throws {KernelError} when it is refused. */
  async #makeOne(change: Change): Promise<void> {
    const [refusal] = await this.#make([change], this.#batches([change]));
    if (refusal !== undefined) throw refusal;
  }

  /** The refusals of changes that are not made already. */
  async #withoutMade(
    changes: readonly Change[],
    refusals: readonly (KernelError | undefined)[],
  ): Promise<(KernelError | undefined)[]> {
    const present = new PresentTable(this);
    const results: (KernelError | undefined)[] = [];
    for (const [index, change] of changes.entries()) {
      const refusal = refusals[index];
      const isMade = refusal !== undefined && (await isMadeAlready(present, change, refusal));
      results.push(isMade ? undefined : refusal);
    }
    return results;
  }

  /** Sends a batch. @returns an error number for each change. */
  async #execute(batch: RequestBatch, signal?: AbortSignal): Promise<number[]> {
    const results = await this.#channel.execute(batch, this.#family, signal);
    const isRefused = results.every((errno) => errno === ENOENT);
    return isRefused && (await this.#findFamilyAnew()) ? this.#channel.execute(batch, this.#family, signal) : results;
  }

  async #service(key: ServiceKey, signal?: AbortSignal): Promise<ServiceEntry> {
    const [entry] = await this.#ask(serviceQuestion(key), signal);
    return required(entry, 'IPVS_CMD_ATTR_SERVICE');
  }

  /** Asks for a list until two readings in a row agree. */
  async #list<R>(question: TableQuestion<R>, signal?: AbortSignal): Promise<R[]> {
    const all = new Map<string, R>();
    for (let readings = 1; ; readings++) {
      const entries: R[] = [];
      const read = (payload: ReplyPayload): void => {
        entries.push(question.decode(payload));
      };
      const { pieces, interrupted } = await this.#query(question, read, signal);
      // A piece by itself is made at one moment.
      if (pieces < 2) return entries;
      const ids = entries.map(question.identify);
      const isConsistent = !interrupted && new Set(ids).size === ids.length;
      if (isConsistent && (await this.#isStill(question, ids, signal))) return entries;
      if (readings > mostReadings - 2) for (const entry of entries) all.set(question.identify(entry), entry);
      if (readings === mostReadings) return [...all.values()];
    }
  }

  /** Whether the kernel has these very entries, in the same order. */
  async #isStill<R>(question: TableQuestion<R>, ids: readonly string[], signal?: AbortSignal): Promise<boolean> {
    const found: string[] = [];
    const read = (payload: ReplyPayload): void => {
      found.push(question.identifyReply(payload));
    };
    await this.#query(question, read, signal);
    return found.length === ids.length && found.every((id, index) => id === ids[index]);
  }

  async #ask<R>(question: ValueQuestion<R>, signal?: AbortSignal): Promise<R[]> {
    const entries: R[] = [];
    const read = (payload: ReplyPayload): void => {
      entries.push(question.decode(payload));
    };
    await this.#query(question, read, signal);
    return entries;
  }

  /** Asks for data. @throws {KernelError} with the operation `list`. */
  async #query(
    { command, key, dump }: Question,
    read: (payload: ReplyPayload) => void,
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    const values = key === undefined ? {} : { service: serviceKeyValues(key) };
    const request = { version: ipvsFamilyVersion, command, attributes: commandAttributes, values };
    let result = await this.#channel.query({ ...request, family: this.#family }, dump, read, signal);
    if (result.errno === ENOENT && (await this.#findFamilyAnew())) {
      result = await this.#channel.query({ ...request, family: this.#family }, dump, read, signal);
    }
    if (result.errno === 0) return result;
    throw new KernelError(result.errno, 'list', key === undefined ? '' : describeService(key));
  }
}
