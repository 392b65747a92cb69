import type { Change } from '../model/change.js';
import type { ServiceKey } from '../model/service.js';
import { changeValues, serviceKeyValues } from './convert.js';
import { beginRequest, endRequest } from './message.js';
import { commandAttributes, ipvsFamilyVersion, type ServiceValues } from './tables.js';
import type { Writer } from './writer.js';

/** The service of the server that was changed last. */
interface LastService {
  readonly key: ServiceKey;
  readonly values: ServiceValues;
  /** How many changes named it. */
  changes: number;
  /** The attribute that it makes, kept from the second of them on. */
  bytes?: Uint8Array;
}

/**
 * Writes changes as requests, which are to be numbered later. A plan changes servers of the same service thousands of
 * times: what names the service is put into bytes once, and copied.
 */
export class ChangeWriter {
  readonly #writer: Writer;
  readonly #family: number;
  #last: LastService | undefined;

  /** @param family the number of the IPVS family, given by the kernel at run time. */
  constructor(writer: Writer, family: number) {
    this.#writer = writer;
    this.#family = family;
  }

  /** Appends a change. @throws {ValueError} where it does not fit into a message. */
  write(change: Change): void {
    const service = 'server' in change ? this.#serviceOf(change.key) : undefined;
    const { command, values } = changeValues(change, service?.values);
    const header = { family: this.#family, version: ipvsFamilyVersion, command, flags: 0, sequence: 0 };
    const start = beginRequest(this.#writer, header);
    if (service === undefined) {
      commandAttributes.encode(this.#writer, values);
    } else {
      this.#writeService(service);
      commandAttributes.encode(this.#writer, { server: values.server });
    }
    endRequest(this.#writer, start);
  }

  #serviceOf(key: ServiceKey): LastService {
    if (this.#last?.key !== key) this.#last = { key, values: serviceKeyValues(key), changes: 0 };
    this.#last.changes++;
    return this.#last;
  }

  #writeService(service: LastService): void {
    if (service.bytes !== undefined) {
      this.#writer.append(service.bytes);
      return;
    }
    const start = this.#writer.length;
    commandAttributes.encode(this.#writer, { service: service.values });
    if (service.changes > 1) service.bytes = this.#writer.bytes().slice(start);
  }
}
