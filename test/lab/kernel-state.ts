import { Channel } from '../../src/client/channel.js';
import type { ServiceKey } from '../../src/model/service.js';
import { openNetlinkTransport } from '../../src/socket/netlink-transport.js';
import { serviceEntryOf, serviceKeyValues } from '../../src/wire/convert.js';
import {
  commandAttributes,
  controllerAttributes,
  controllerFamily,
  ipvsCommand,
  ipvsFamilyName,
  ipvsFamilyVersion,
} from '../../src/wire/tables.js';

/**
 * The kernel's table as the bytes of its own answers: services and servers with everything that is told of them, timeouts
 * and daemons, in the kernel's order. Two texts that are equal stand for tables that are equal, whatever our code would
 * make of them, and reading one costs a hundredth of what a start of the reference does.
 */
export class KernelState {
  readonly #channel = new Channel(openNetlinkTransport());

  async read(): Promise<string> {
    // Asked each time: it is another number after IPVS was unloaded.
    const family = await this.#findFamily();
    if (family === undefined) return 'no IPVS';
    const keys: ServiceKey[] = [];
    const parts = [await this.#answers(family, ipvsCommand.getService, undefined, true, keys)];
    for (const key of keys) parts.push(await this.#answers(family, ipvsCommand.getDest, key, true));
    parts.push(await this.#answers(family, ipvsCommand.getConfig, undefined, false));
    parts.push(await this.#answers(family, ipvsCommand.getDaemon, undefined, true));
    return parts.join('\n');
  }

  close(): void {
    this.#channel.close();
  }

  async #answers(
    family: number,
    command: number,
    key: ServiceKey | undefined,
    dump: boolean,
    keys?: ServiceKey[],
  ): Promise<string> {
    const answers: string[] = [];
    const request = {
      family,
      version: ipvsFamilyVersion,
      command,
      attributes: commandAttributes,
      values: key === undefined ? {} : { service: serviceKeyValues(key) },
    };
    const errno = await this.#channel.query(request, dump, ({ view, offset, length }) => {
      answers.push(Buffer.from(view.buffer, view.byteOffset + offset, length).toString('hex'));
      const { service } = commandAttributes.decode(view, offset, length, 'answer');
      if (service !== undefined) keys?.push(serviceEntryOf(service).key);
    });
    if (errno !== 0) throw new Error(`the kernel refused command ${command} with error ${errno}`);
    return answers.join(' ');
  }

  async #findFamily(): Promise<number | undefined> {
    let family: number | undefined;
    const request = {
      family: controllerFamily.type,
      version: controllerFamily.version,
      command: controllerFamily.getFamily,
      attributes: controllerAttributes,
      values: { familyName: ipvsFamilyName },
    };
    await this.#channel.query(request, false, ({ view, offset, length }) => {
      family = controllerAttributes.decode(view, offset, length, 'answer').familyId;
    });
    return family;
  }
}
