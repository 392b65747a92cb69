import { DecodeError } from '../errors.js';
import type { Change } from '../model/change.js';
import type { RealServer } from '../model/server.js';
import type { ServiceKey } from '../model/service.js';
import { daemonOf, serverKeyOf, serverStateOf, serviceKeyOf, serviceOf, timeoutsOf } from '../wire/decode.js';
import {
  ipvsCommand,
  type CommandValues,
  type DaemonValues,
  type ServerValues,
  type ServiceValues,
} from '../wire/tables.js';

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`${name}: missing in the request`);
  return value;
}

const serviceIn = ({ service }: CommandValues): ServiceValues => required(service, 'IPVS_CMD_ATTR_SERVICE');
const serverIn = ({ server }: CommandValues): ServerValues => required(server, 'IPVS_CMD_ATTR_DEST');
const daemonIn = ({ daemon }: CommandValues): DaemonValues => required(daemon, 'IPVS_CMD_ATTR_DAEMON');

/** The service that a request names. @throws {DecodeError} where it names none. */
export function serviceKeyIn(values: CommandValues): ServiceKey {
  return serviceKeyOf(serviceIn(values));
}

function realServerIn(values: CommandValues): RealServer {
  const { family, address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel } = serverStateOf(
    serverIn(values),
    serviceKeyIn(values).family,
  );
  return { family, address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel };
}

/** How the change of each command is read. */
const changes: ReadonlyMap<number, (values: CommandValues) => Change> = new Map<
  number,
  (values: CommandValues) => Change
>([
  [ipvsCommand.newService, (values) => ({ kind: 'add-service', service: serviceOf(serviceIn(values)) })],
  [ipvsCommand.setService, (values) => ({ kind: 'edit-service', service: serviceOf(serviceIn(values)) })],
  [ipvsCommand.delService, (values) => ({ kind: 'delete-service', key: serviceKeyIn(values) })],
  [ipvsCommand.newDest, (values) => ({ kind: 'add-server', key: serviceKeyIn(values), server: realServerIn(values) })],
  [ipvsCommand.setDest, (values) => ({ kind: 'edit-server', key: serviceKeyIn(values), server: realServerIn(values) })],
  [
    ipvsCommand.delDest,
    (values) => {
      const key = serviceKeyIn(values);
      return { kind: 'delete-server', key, server: serverKeyOf(serverIn(values), key.family) };
    },
  ],
  [ipvsCommand.newDaemon, (values) => ({ kind: 'start-daemon', daemon: daemonOf(daemonIn(values)) })],
  [ipvsCommand.delDaemon, (values) => ({ kind: 'stop-daemon', role: daemonOf(daemonIn(values)).role })],
  [ipvsCommand.setConfig, (values) => ({ kind: 'set-timeouts', timeouts: timeoutsOf(values) })],
  [
    ipvsCommand.zero,
    (values) => (values.service === undefined ? { kind: 'zero' } : { kind: 'zero', key: serviceKeyIn(values) }),
  ],
  [ipvsCommand.flush, () => ({ kind: 'flush' })],
]);

/**
 * The change that a request asks for: what `changeValues` makes, backwards.
 * @returns undefined where the command is none that changes something.
 * @throws {DecodeError} where the request lacks what the command needs.
 */
export function changeOf(command: number, values: CommandValues): Change | undefined {
  return changes.get(command)?.(values);
}
