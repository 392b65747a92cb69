import type { Change } from '../model/change.js';
import { changeValues, recallingKeyValues } from './convert.js';
import { beginRequest, endRequest } from './message.js';
import { commandAttributes, ipvsFamilyVersion, type ServiceValues } from './tables.js';
import type { Writer } from './writer.js';

/**
 * Writes changes as requests, which are to be numbered later. A plan changes servers of the same service thousands of
 * times: what names the service is put into bytes once, and copied.
 */
export class ChangeWriter {
  readonly #writer: Writer;
  readonly #family: number;
  readonly #keyValues = recallingKeyValues();
  /** That of the change before, and the attribute that it makes, where it was needed twice. */
  #service: ServiceValues | undefined;
  #serviceBytes: Uint8Array | undefined;

  /** @param family the number of the IPVS family, given by the kernel at run time. */
  constructor(writer: Writer, family: number) {
    this.#writer = writer;
    this.#family = family;
  }

  /** Appends a change. @throws {ValueError} where it does not fit into a message. */
  write(change: Change): void {
    const { command, values } = changeValues(change, this.#keyValues);
    const { service, server } = values;
    const header = { family: this.#family, version: ipvsFamilyVersion, command, flags: 0, sequence: 0 };
    const start = beginRequest(this.#writer, header);
    if (service === undefined || server === undefined) {
      commandAttributes.encode(this.#writer, values);
    } else {
      this.#writeService(service);
      commandAttributes.encode(this.#writer, { server });
    }
    endRequest(this.#writer, start);
  }

  #writeService(service: ServiceValues): void {
    const isAgain = service === this.#service;
    if (isAgain && this.#serviceBytes !== undefined) {
      this.#writer.append(this.#serviceBytes);
      return;
    }
    const start = this.#writer.length;
    commandAttributes.encode(this.#writer, { service });
    this.#service = service;
    this.#serviceBytes = isAgain ? this.#writer.bytes().slice(start) : undefined;
  }
}
