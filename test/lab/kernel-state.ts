import { constants } from 'node:os';
import { Channel } from '../../src/client/channel.js';
import { findFamily } from '../../src/client/family.js';
import { UnavailableError } from '../../src/errors.js';
import type { ServiceKey } from '../../src/model/service.js';
import { openNetlinkTransport } from '../../src/socket/netlink-transport.js';
import { serviceEntryOf } from '../../src/wire/decode.js';
import { serviceKeyValues } from '../../src/wire/encode.js';
import type { ReplyPayload } from '../../src/wire/message.js';
import { commandAttributes, ipvsCommand, ipvsFamilyVersion } from '../../src/wire/tables.js';

/**
 * The kernel's table as the bytes of its own answers: services and servers with everything that is told of them, timeouts
 * and daemons; only the services are sorted, because Linux 7 hashes those of every new table differently. Two texts that are
 * equal stand for tables that are equal, whatever our code would make of them, and reading one costs a hundredth of what a
 * start of the reference does.
 */
export class KernelState {
  readonly #channel = new Channel(openNetlinkTransport());

  async read(): Promise<string> {
    // Asked each time: it is another number after IPVS was unloaded.
    let family: number;
    try {
      family = await findFamily(this.#channel);
    } catch (error) {
      if (error instanceof UnavailableError && error.errno === constants.errno.ENOPROTOOPT) return 'no IPVS';
      throw error;
    }
    const keys: ServiceKey[] = [];
    const services = await this.#answers(family, ipvsCommand.getService, { dump: true }, (payload) => {
      const { service } = commandAttributes.decode(payload.view, payload.offset, payload.length, 'answer');
      if (service !== undefined) keys.push(serviceEntryOf(service).key);
    });
    const blocks: string[] = [];
    for (const [index, key] of keys.entries()) {
      const servers = await this.#answers(family, ipvsCommand.getDest, { dump: true, key });
      blocks.push([services[index], ...servers].join(' '));
    }
    const timeouts = await this.#answers(family, ipvsCommand.getConfig, { dump: false });
    const daemons = await this.#answers(family, ipvsCommand.getDaemon, { dump: true });
    return [...blocks.sort(), timeouts.join(' '), daemons.join(' ')].join('\n');
  }

  close(): void {
    this.#channel.close();
  }

  async #answers(
    family: number,
    command: number,
    { dump, key }: { readonly dump: boolean; readonly key?: ServiceKey },
    look?: (payload: ReplyPayload) => void,
  ): Promise<string[]> {
    const answers: string[] = [];
    const request = {
      family,
      version: ipvsFamilyVersion,
      command,
      attributes: commandAttributes,
      values: key === undefined ? {} : { service: serviceKeyValues(key) },
    };
    const { errno } = await this.#channel.query(request, dump, (payload) => {
      const { view, offset, length } = payload;
      answers.push(Buffer.from(view.buffer, view.byteOffset + offset, length).toString('hex'));
      look?.(payload);
    });
    if (errno !== 0) throw new Error(`the kernel refused command ${command} with error ${errno}`);
    return answers;
  }
}
