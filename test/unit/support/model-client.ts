import { constants } from 'node:os';
import type { PlanClient } from '../../../src/table/apply.js';
import type { PreparedChanges } from '../../../src/client/client.js';
import { KernelError } from '../../../src/errors.js';
import { changeSubject, type Change } from '../../../src/model/change.js';
import { describeService, type ServiceKey } from '../../../src/model/service.js';
import { noTraffic } from './entries.js';
import type { TableModel } from './table-model.js';

/** What a client of the model's table is, for what carries plans out. */
export class ModelClient implements PlanClient {
  readonly #model: TableModel;
  readonly #before: (change: Change, index: number) => void;
  /** Changes that were asked for so far. */
  asked = 0;

  /** @param before called before each change is made, with its number from 0: a second writer, or a signal. */
  constructor(model: TableModel, before: (change: Change, index: number) => void = () => undefined) {
    this.#model = model;
    this.#before = before;
  }

  prepare(changes: readonly Change[]): PreparedChanges {
    return () => this.changeAll(changes);
  }

  changeAll(changes: readonly Change[]): Promise<(KernelError | undefined)[]> {
    return Promise.resolve(
      changes.map((change) => {
        this.#before(change, this.asked++);
        const refusal = this.#model.change(change);
        return refusal === undefined
          ? undefined
          : new KernelError(constants.errno[refusal], change.kind, changeSubject(change));
      }),
    );
  }

  service(key: ServiceKey): ReturnType<PlanClient['service']> {
    const held = this.#model.services.get(describeService(key));
    if (held === undefined) return Promise.reject(new KernelError(constants.errno.ESRCH, 'list', describeService(key)));
    return Promise.resolve({ ...held.service, statistics: noTraffic });
  }

  serverStates(key: ServiceKey): ReturnType<PlanClient['serverStates']> {
    const servers = [...(this.#model.services.get(describeService(key))?.servers.values() ?? [])];
    const idle = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
    return Promise.resolve(servers.map((server) => ({ ...server, ...idle })));
  }

  syncDaemons(): ReturnType<PlanClient['syncDaemons']> {
    return Promise.resolve([...this.#model.daemons.values()]);
  }
}
