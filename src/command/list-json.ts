import type { ClassicCommand } from '../grammar/command.js';
import type { Connection } from '../format/connections.js';
import { connectionJson, countersJson, formatJson, infoJson, serviceJson, type JsonObject } from '../format/json.js';
import { serverName } from '../model/entity-name.js';
import { kernelOrder, naturalOrder } from '../format/order.js';
import type { ServiceKey } from '../model/service.js';
import { drainedEntry, type DrainedServer, type DrainRecord } from '../table/drain-record.js';
import { readListing } from './entries.js';
import { printableJson } from '../text/printable.js';
import type { ReadSession } from './session.js';
import { writeBlocks } from './write-all.js';

/** Options of a listing in JSON. */
export interface JsonListing {
  /** Only this service; undefined: all. */
  readonly key?: ServiceKey | undefined;
  readonly sorted: boolean;
  /** The counters to show beside the settings; undefined: none. */
  readonly counters?: 'stats' | 'rate' | undefined;
  /** Servers that were drained, to show beside the settings. */
  readonly drained?: DrainRecord | undefined;
  /** What else is known of a server, by its name. */
  readonly more?: ((server: string) => JsonObject) | undefined;
}

/** Shows the table as one JSON document, written as it is read. Addresses are never names, and counters are exact. */
export async function listJson(
  { io, client }: ReadSession,
  { key, sorted, counters, drained = new Map(), more }: JsonListing,
): Promise<void> {
  const services = key === undefined ? await client.services() : [await client.service(key)];
  const order = sorted ? naturalOrder : kernelOrder;
  const reading = { order, counters: counters !== undefined, numeric: true };
  const { entries } = await readListing({ io, client }, services, reading);
  const head = formatJson({ ...infoJson(client.info), services: [] });
  const [start = '', end = ''] = head.split('[]');
  await writeBlocks(io.stdout, async function* (out) {
    out.text(`${start}[`);
    let separator = '\n    ';
    for await (const { service, servers } of entries) {
      const described = serviceJson(
        service,
        counters === undefined ? {} : countersJson(service.statistics, counters),
        servers.map((server) => [
          server,
          {
            ...drainedJson(drainedEntry(drained, service.key, server)),
            ...more?.(serverName(service.key, server)),
            ...(counters !== undefined && 'statistics' in server ? countersJson(server.statistics, counters) : {}),
          },
        ]),
      );
      out.text(`${separator}${formatJson(described, '    ')}`);
      separator = ',\n    ';
      yield;
    }
    out.text(`${separator.startsWith(',') ? '\n  ' : ''}]${end}\n`);
  });
}

/** What is remembered of a drained server, by stable names. */
function drainedJson(entry: DrainedServer | undefined): JsonObject {
  if (entry === undefined) return {};
  const { weight, reason, by, at } = entry;
  return { drained: { weight, reason, by, at } };
}

/** Shows the timeouts as JSON. */
export async function listTimeoutsJson({ io, client }: ReadSession): Promise<void> {
  const { tcp, tcpFin, udp } = await client.timeouts();
  await io.stdout.write(`${formatJson({ timeouts: { tcp, tcpFin, udp } })}\n`);
}

/** Shows the synchronisation daemons as JSON. */
export async function listDaemonsJson({ io, client }: ReadSession): Promise<void> {
  const syncDaemons = (await client.syncDaemons()).map((daemon) => ({ ...daemon }));
  await io.stdout.write(`${formatJson({ syncDaemons })}\n`);
}

/** A connection on a line of its own. */
export function connectionLine(connection: Connection, more: JsonObject = {}): string {
  // Data of persistence engines comes from packets.
  return `${printableJson(JSON.stringify({ ...connectionJson(connection), ...more }))}\n`;
}

/** Which counters a layout of the table shows. */
export function countersOf(layout: Extract<ClassicCommand, { kind: 'list' }>['layout']): 'stats' | 'rate' | undefined {
  return layout === 'stats' || layout === 'rate' ? layout : undefined;
}
