import { formatIpv4, formatIpv6, parseIpv6, type AddressFamily } from '../model/address.js';
import type { ServiceProtocol } from '../names/resolver.js';
import { endpointLabel, type Naming } from './labels.js';
import { printable } from './printable.js';

/** One end of a connection. */
export interface ConnectionEnd {
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
}

/** A line of `/proc/net/ip_vs_conn`. */
export interface Connection {
  /** As the kernel writes it: TCP, UDP, SCTP, or IP for templates of firewall marks. */
  readonly protocol: string;
  readonly client: ConnectionEnd;
  readonly virtual: ConnectionEnd;
  readonly server: ConnectionEnd;
  readonly state: string;
  /** Seconds until the entry is forgotten. */
  readonly expires: number;
  /** What the persistence engine knows; its data comes from packets. */
  readonly engine?: { readonly name: string; readonly data: string };
}

function parseEnd(address: string, port: string): ConnectionEnd | undefined {
  if (!/^[0-9a-f]{1,4}$/i.test(port)) return undefined;
  const number = Number.parseInt(port, 16);
  if (/^[0-9a-f]{8}$/i.test(address)) {
    return { family: 'inet', address: formatIpv4(Number.parseInt(address, 16)), port: number };
  }
  const bytes = parseIpv6(address.replace(/^\[(.*)\]$/, '$1'));
  return bytes === undefined ? undefined : { family: 'inet6', address: formatIpv6(bytes), port: number };
}

/** Reads a line of `/proc/net/ip_vs_conn`; undefined where it is none. The persistence data may hold blanks. */
export function parseConnection(line: string): Connection | undefined {
  const match = /^(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\d+)(?: +(\S+)(?: +(.*?))?)?\s*$/s.exec(
    line,
  );
  if (match === null) return undefined;
  const [, protocol = '', from = '', fromPort = '', to = '', toPort = '', dest = '', destPort = ''] = match;
  const [state = '', expires = '', engineName, engineData = ''] = match.slice(8);
  const client = parseEnd(from, fromPort);
  const virtual = parseEnd(to, toPort);
  const server = parseEnd(dest, destPort);
  if (client === undefined || virtual === undefined || server === undefined) return undefined;
  const connection = { protocol, client, virtual, server, state, expires: Number(expires) };
  return engineName === undefined ? connection : { ...connection, engine: { name: engineName, data: engineData } };
}

/** The lines above the connections. */
export function formatConnectionTitles(persistence: boolean): string {
  const names = `pro expire ${'state'.padEnd(11)} ${'source'.padEnd(18)} ${'virtual'.padEnd(18)}`;
  return persistence
    ? `IPVS connection entries\n${names} ${'destination'.padEnd(18)} ${'pe name'.padEnd(16)} pe_data\n`
    : `IPVS connection entries\n${names} destination\n`;
}

const portNames: Readonly<Record<string, ServiceProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** The line of a connection. */
export function formatConnection(connection: Connection, persistence: boolean, naming: Naming): string {
  const { protocol, expires, state, client, virtual, server, engine } = connection;
  const label = (end: ConnectionEnd): string => endpointLabel(end, portNames[protocol], naming);
  const minutes = String(Math.trunc(expires / 60)).padStart(2, '0');
  const seconds = String(expires % 60).padStart(2, '0');
  const columns = [
    protocol.padEnd(3),
    `${minutes}:${seconds}`.padEnd(6),
    state.padEnd(11),
    label(client).padEnd(18),
    label(virtual).padEnd(18),
    ...(persistence && engine !== undefined
      ? [label(server).padEnd(16), printable(engine.name).padEnd(18), printable(engine.data)]
      : [label(server)]),
  ];
  return `${columns.join(' ')}\n`;
}
