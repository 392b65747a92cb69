// What part of the table a page shows, as its address and that of its events have it; pure.

import type { MeteredService, TableReading } from '../table/samples.js';

/** A part of the table. */
export type View =
  | { readonly kind: 'services'; readonly from: number; readonly find: string }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'hosts' };

/** Services on one page. */
export const servicesOfPage = 100;

/** Longest text that is looked for. */
const longestFind = 200;

function firstOf(query: URLSearchParams): number {
  const digits = query.get('from') ?? '0';
  return /^\d{1,6}$/.test(digits) ? Number(digits) : 0;
}

/** The overview that a query asks for. */
export function overviewOf(query: URLSearchParams): View & { readonly kind: 'services' } {
  const find = (query.get('find') ?? '').slice(0, longestFind);
  return { kind: 'services', from: firstOf(query), find };
}

/** The view that a stream of events is asked for. */
export function viewOf(query: URLSearchParams): View {
  if (query.get('view') === 'hosts') return { kind: 'hosts' };
  const name = query.get('name');
  return name === null ? overviewOf(query) : { kind: 'service', name };
}

/** The same as a query. */
export function viewQuery(view: View): URLSearchParams {
  if (view.kind === 'hosts') return new URLSearchParams({ view: 'hosts' });
  if (view.kind === 'service') return new URLSearchParams({ name: view.name });
  return overviewQuery(view.from, view.find);
}

/** The query of an overview: without what is usual. */
export function overviewQuery(from: number, find: string): URLSearchParams {
  return new URLSearchParams({ ...(from > 0 ? { from: String(from) } : {}), ...(find === '' ? {} : { find }) });
}

/** The services that match a text: their own names, or those of their servers. */
export function foundServices({ services }: TableReading, find: string): readonly MeteredService[] {
  const wanted = find.trim().toLowerCase();
  if (wanted === '') return services;
  return services.filter(
    ({ name, servers }) => name.includes(wanted) || servers.some((one) => one.name.includes(wanted)),
  );
}

/** The services of a view. */
export function servicesOf(reading: TableReading, view: View): readonly MeteredService[] {
  if (view.kind === 'service') return reading.services.filter(({ name }) => name === view.name);
  if (view.kind === 'hosts') return reading.services;
  return foundServices(reading, view.find).slice(view.from, view.from + servicesOfPage);
}
