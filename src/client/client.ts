import { DecodeError, KernelError, UnavailableError } from '../errors.js';
import { changeSubject, type Change } from '../model/change.js';
import type { RealServer, ServerKey } from '../model/server.js';
import { ServerRows } from '../model/server-rows.js';
import { describeService, type ServiceKey, type VirtualService } from '../model/service.js';
import type {
  IpvsInfo,
  ServerEntry,
  ServerState,
  ServiceEntry,
  SyncDaemon,
  SyncRole,
  Timeouts,
} from '../model/state.js';
import { ChangeWriter } from '../wire/change-writer.js';
import { appendServer, daemonOf, infoOf, serviceEntryOf, serviceKeyValues, timeoutsOf } from '../wire/convert.js';
import type { ReplyPayload } from '../wire/message.js';
import {
  commandAttributes,
  infoAttributes,
  ipvsCommand,
  ipvsFamilyVersion,
  type CommandValues,
} from '../wire/tables.js';
import { Writer } from '../wire/writer.js';
import { Channel, type Request } from './channel.js';
import { findFamily } from './family.js';
import { RequestBatch } from './request-batch.js';
import type { Transport } from '../ports/transport.js';

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`${name}: missing in the kernel's answer`);
  return value;
}

/**
 * Makes changes that are in messages already, as `IpvsClient.changeAll` does; may be called again.
 * @throws {TransportError} when answers were lost; how many changes were made is then unknown.
 */
export type PreparedChanges = () => Promise<(KernelError | undefined)[]>;

/**
 * The kernel's IPVS table of the network namespace that the process is in. Needs CAP_NET_ADMIN. Calls are carried out
 * one after the other, in the order in which they were made.
 */
export class IpvsClient {
  readonly #channel: Channel;
  readonly #family: number;
  /** For what is written at once; what waits to be sent is elsewhere. */
  readonly #writer = new Writer();
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
   * @throws {TransportError} when there is no socket to be had.
   */
  static async open(): Promise<IpvsClient> {
    const { openNetlinkTransport } = await import('../socket/netlink-transport.js');
    return IpvsClient.connect(openNetlinkTransport());
  }

  /**
   * Starts a conversation over a socket and makes sure that there is an IPVS at the other end.
   * @throws {UnavailableError} when the kernel has no IPVS (ENOPROTOOPT) or does not let us (EPERM).
   * @throws {TransportError} when the socket fails.
   */
  static async connect(transport: Transport): Promise<IpvsClient> {
    const channel = new Channel(transport);
    try {
      const family = await findFamily(channel);
      let info: IpvsInfo | undefined;
      const errno = await channel.query(
        {
          family,
          version: ipvsFamilyVersion,
          command: ipvsCommand.getInfo,
          attributes: commandAttributes,
          values: {},
        },
        false,
        ({ view, offset, length }) => {
          info = infoOf(infoAttributes.decode(view, offset, length, 'answer to getInfo'));
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
   * All virtual services, in the kernel's order.
   * @throws {KernelError}
   */
  async services(): Promise<ServiceEntry[]> {
    return this.#get(ipvsCommand.getService, undefined, true, (values) =>
      serviceEntryOf(required(values.service, 'IPVS_CMD_ATTR_SERVICE')),
    );
  }

  /**
   * One virtual service.
   * @throws {KernelError} ESRCH where there is no such service.
   */
  async service(key: ServiceKey): Promise<ServiceEntry> {
    const [entry] = await this.#get(ipvsCommand.getService, key, false, (answer) =>
      serviceEntryOf(required(answer.service, 'IPVS_CMD_ATTR_SERVICE')),
    );
    return required(entry, 'IPVS_CMD_ATTR_SERVICE');
  }

  /**
   * The real servers of a service, in the kernel's order; none where there is no such service.
   * @throws {KernelError}
   */
  async servers(key: ServiceKey): Promise<ServerEntry[]> {
    const rows = new ServerRows(true);
    await this.readServers(key, rows);
    return rows.map((row) => rows.entry(row));
  }

  /**
   * The same without counters and rates.
   * @throws {KernelError}
   */
  async serverStates(key: ServiceKey): Promise<ServerState[]> {
    const rows = new ServerRows(false);
    await this.readServers(key, rows);
    return rows.map((row) => rows.state(row));
  }

  /**
   * Adds the real servers of a service to rows, in the kernel's order: the way for tables of thousands.
   * @throws {KernelError}
   */
  async readServers(key: ServiceKey, rows: ServerRows): Promise<void> {
    await this.#ask(ipvsCommand.getDest, key, true, (payload) => {
      appendServer(rows, payload, key.family);
    });
  }

  /** @throws {KernelError} */
  async timeouts(): Promise<Timeouts> {
    const [timeouts] = await this.#get(ipvsCommand.getConfig, undefined, false, timeoutsOf);
    return required(timeouts, 'IPVS_CMD_SET_CONFIG');
  }

  /**
   * The synchronisation daemons that run: none, a master, a backup, or both.
   * @throws {KernelError}
   */
  async syncDaemons(): Promise<SyncDaemon[]> {
    return this.#get(ipvsCommand.getDaemon, undefined, true, (values) =>
      daemonOf(required(values.daemon, 'IPVS_CMD_ATTR_DAEMON')),
    );
  }

  /**
   * Makes a change.
   * @throws {KernelError} when the kernel refuses it: EEXIST, ESRCH (no such service), ENOENT, EINVAL, EPERM, ...
   */
  async change(change: Change): Promise<void> {
    const [error] = await this.changeAll([change]);
    if (error !== undefined) throw error;
  }

  /**
   * Makes many changes in order, many to a datagram. A refused one does not stop the others.
   * @returns the refusal of each change, undefined where it was carried out.
   * @throws {ValueError} when one of them can't be put into a message; nothing has been done then.
   * @throws {TransportError} when answers were lost; how many changes were made is then unknown.
   */
  async changeAll(changes: readonly Change[]): Promise<(KernelError | undefined)[]> {
    return this.prepare(changes)();
  }

  /**
   * Puts changes into messages, so that none is made before a later one turns out to be none.
   * @throws {ValueError} for the first that can't be.
   */
  prepare(changes: readonly Change[]): PreparedChanges {
    const changeWriter = new ChangeWriter(this.#writer, this.#family);
    const batches = RequestBatch.ofAll(changes, this.#writer, (change) => {
      changeWriter.write(change);
    });
    return async () => {
      const results = await this.#channel.execute(batches);
      return changes.map((change, index) => {
        const errno = results[index] ?? 0;
        return errno === 0 ? undefined : new KernelError(errno, change.kind, changeSubject(change));
      });
    };
  }

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

  /** Ends the conversation. May be called twice. */
  close(): void {
    this.#channel.close();
  }

  #request(command: number, values: CommandValues): Request<CommandValues> {
    return { family: this.#family, version: ipvsFamilyVersion, command, attributes: commandAttributes, values };
  }

  /** Asks for data and hands each answer on; operation `list`. @param key the service that is asked about, if any. */
  async #ask(
    command: number,
    key: ServiceKey | undefined,
    dump: boolean,
    read: (payload: ReplyPayload) => void,
  ): Promise<void> {
    const values = key === undefined ? {} : { service: serviceKeyValues(key) };
    const errno = await this.#channel.query(this.#request(command, values), dump, read);
    if (errno !== 0) throw new KernelError(errno, 'list', key === undefined ? '' : describeService(key));
  }

  async #get<R>(
    command: number,
    key: ServiceKey | undefined,
    dump: boolean,
    convert: (values: CommandValues) => R,
  ): Promise<R[]> {
    const answers: R[] = [];
    await this.#ask(command, key, dump, ({ view, offset, length }) => {
      answers.push(convert(commandAttributes.borrow(view, offset, length, 'IPVS answer')));
    });
    return answers;
  }
}
