// `ports` of a service, to one service a port.

import { realPorts } from '../model/limits.js';
import type { ServiceKey } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { CheckedDocument, CheckedService } from './schema.js';

/** What is allowed, for messages. */
export const portRangesText = `ports such as 50000-50099, or a list of ports and such ranges, from ${realPorts.lowest} to ${realPorts.highest}`;

/** The ports of `50000-50099`, or of a list of ports and such ranges, each once; undefined where it is none. */
export function portsOf(ranges: string | readonly (string | number)[]): number[] | undefined {
  const found = new Set<number>();
  for (const range of typeof ranges === 'object' ? ranges : [ranges]) {
    const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(range)) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || from < realPorts.lowest || to > realPorts.highest || from > to) return undefined;
    for (let port = from; port <= to; port++) found.add(port);
  }
  return found.size === 0 ? undefined : [...found];
}

/** The services that `ports` of a service have become. */
export interface PortRange {
  /** As it is written: `50000-50099`, `80, 443, 8000-8010`. */
  readonly ports: string;
  readonly keys: readonly ServiceKey[];
}

/**
 * What became of each `ports` in a document.
 * @param table that of the document with a service for each port, in its order.
 * @param places of these services in the document.
 */
export function rangesOf({ services }: CheckedDocument, table: Table, places: readonly number[]): PortRange[] {
  const keys = new Map<number, ServiceKey[]>();
  for (const [index, { service }] of table.services.entries()) {
    const place = places[index] ?? index;
    const known = keys.get(place);
    if (known === undefined) keys.set(place, [service.key]);
    else known.push(service.key);
  }
  return services.flatMap(({ ports }, place) =>
    ports === undefined ? [] : [{ ports: [ports].flat().join(', '), keys: keys.get(place) ?? [] }],
  );
}

/** A document whose services have a port each, and for each of them the place of the one that it was written as. */
export interface ExpandedDocument {
  readonly document: CheckedDocument;
  readonly places: readonly number[];
}

/** Makes a service of each port of `ports`. */
export function expandPorts(document: CheckedDocument): ExpandedDocument {
  const services: CheckedService[] = [];
  const places: number[] = [];
  for (const [place, { ports, ...service }] of document.services.entries()) {
    for (const port of (ports === undefined ? undefined : portsOf(ports)) ?? [service.port]) {
      services.push({ ...service, port });
      places.push(place);
    }
  }
  return { document: { ...document, services }, places };
}
