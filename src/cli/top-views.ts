// The views of `top` and their columns; without packages, as options are read by them.

import { topColumns, type ColumnName } from './top-columns.js';

/** The views, in the order of their keys. */
export const topViews = ['services', 'hosts', 'clients'] as const;

/** A view of `top`. */
export type TopView = (typeof topViews)[number];

/** The columns of each view. */
export const viewColumns = {
  services: [
    ...(['name', 'forwarding', 'weight', 'share', 'state', 'active', 'inactive', 'connections'] as const),
    ...(['incomingPackets', 'outgoingPackets', 'incomingBytes', 'outgoingBytes', 'history'] as const),
  ],
  hosts: [
    ...(['name', 'inUse', 'state', 'active', 'inactive', 'bound', 'connections'] as const),
    ...(['incomingPackets', 'outgoingPackets', 'incomingBytes', 'outgoingBytes', 'history'] as const),
  ],
  clients: ['name', 'count', 'part', 'active', 'inactive', 'bound'],
} as const satisfies Readonly<Record<TopView, readonly ColumnName[]>>;

/** What a view is sorted by at first. */
export const usualSort = {
  services: 'connections',
  hosts: 'connections',
  clients: 'count',
} as const satisfies Readonly<Record<TopView, ColumnName>>;

/** The columns that a view can be sorted by. */
export function sortColumns(view: TopView): readonly ColumnName[] {
  const all: readonly ColumnName[] = viewColumns[view];
  return all.filter((name) => !('unsorted' in topColumns[name]));
}
