import { DecodeError } from '../errors.js';
import { serverId, type ServerKey } from '../model/server.js';
import { serviceId, type ServiceKey } from '../model/service.js';
import type { ServerEntry, ServerState, ServiceEntry } from '../model/state.js';
import { serverEntryOf, serverKeyOf, serverStateOf, serviceEntryOf, serviceKeyOf } from '../wire/decode.js';
import type { ReplyPayload } from '../wire/message.js';
import {
  commandAttributes,
  ipvsCommand,
  keyAttributes,
  serverStateAttributes,
  type CommandValues,
} from '../wire/tables.js';

// What the client asks of the kernel, and how the replies are read.

/** A value that a reply has to have. @throws {DecodeError} where it is missing. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`${name}: missing in the kernel's reply`);
  return value;
}

/** The values of a reply. @throws {DecodeError} */
export function valuesOf({ view, offset, length }: ReplyPayload): CommandValues {
  return commandAttributes.decode(view, offset, length, 'IPVS reply');
}

function decodeService(payload: ReplyPayload): ServiceEntry {
  return serviceEntryOf(required(valuesOf(payload).service, 'IPVS_CMD_ATTR_SERVICE'));
}

/** What is asked of the kernel. */
export interface Question {
  readonly command: number;
  /** The service that is asked about, if any. */
  readonly key?: ServiceKey;
  /** Whether the reply is a list. */
  readonly dump: boolean;
}

/** A question whose reply has values. */
export interface ValueQuestion<R> extends Question {
  readonly decode: (payload: ReplyPayload) => R;
}

/** A question about a list that may come in several pieces. */
export interface TableQuestion<R> extends ValueQuestion<R> {
  /** What tells an entry from all others. */
  readonly identify: (entry: R) => string;
  /** The same of an entry in a reply, without decoding the rest. */
  readonly identifyReply: (payload: ReplyPayload) => string;
}

/** All services. */
export const servicesQuestion: TableQuestion<ServiceEntry> = {
  command: ipvsCommand.getService,
  dump: true,
  decode: decodeService,
  identify: ({ key }) => serviceId(key),
  identifyReply: ({ view, offset, length }) => {
    const { service } = keyAttributes.decode(view, offset, length, 'IPVS reply');
    return serviceId(serviceKeyOf(required(service, 'IPVS_CMD_ATTR_SERVICE')));
  },
};

/** One service. */
export function serviceQuestion(key: ServiceKey): ValueQuestion<ServiceEntry> {
  return { command: ipvsCommand.getService, key, dump: false, decode: decodeService };
}

function serverQuestion<R extends ServerKey>(key: ServiceKey, decode: (payload: ReplyPayload) => R): TableQuestion<R> {
  return {
    command: ipvsCommand.getDest,
    key,
    dump: true,
    decode,
    identify: serverId,
    identifyReply: ({ view, offset, length }) => {
      const { server } = keyAttributes.decode(view, offset, length, 'IPVS reply');
      return serverId(serverKeyOf(required(server, 'IPVS_CMD_ATTR_DEST'), key.family));
    },
  };
}

/** The servers of a service with their counters. */
export function entryQuestion(key: ServiceKey): TableQuestion<ServerEntry> {
  return serverQuestion(key, ({ view, offset, length }) => {
    const { server } = commandAttributes.decode(view, offset, length, 'IPVS reply');
    return serverEntryOf(required(server, 'IPVS_CMD_ATTR_DEST'), key.family);
  });
}

/** The servers of a service without counters. */
export function stateQuestion(key: ServiceKey): TableQuestion<ServerState> {
  return serverQuestion(key, ({ view, offset, length }) => {
    const { server } = serverStateAttributes.decode(view, offset, length, 'IPVS reply');
    return serverStateOf(required(server, 'IPVS_CMD_ATTR_DEST'), key.family);
  });
}
