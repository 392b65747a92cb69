// The columns of `top`: what they show of a row, and how numbers are written.

import { shortNumber } from '../format/short-number.js';

/** How a column's numbers are written. */
type Kind = 'text' | 'count' | 'rate' | 'bytes' | 'chart';

/** A column: its title, and when it is left out. */
export interface TopColumn {
  readonly title: string;
  readonly kind: Kind;
  /** The least columns of the terminal for it. */
  readonly width: number;
  /** Where there is no room for all, the highest is left out first. */
  readonly rank: number;
  /** Not sorted by. */
  readonly unsorted?: true;
}

/** All columns of all views. */
export const topColumns = {
  name: { title: '', kind: 'text', width: 20, rank: 0 },
  forwarding: { title: 'FWD', kind: 'text', width: 3, rank: 9, unsorted: true },
  inUse: { title: 'IN USE', kind: 'text', width: 6, rank: 2 },
  weight: { title: 'WEIGHT', kind: 'count', width: 6, rank: 1 },
  share: { title: 'NEW/WEIGHT', kind: 'text', width: 10, rank: 4 },
  part: { title: 'SHARE', kind: 'text', width: 6, rank: 4 },
  state: { title: '', kind: 'text', width: 2, rank: 1, unsorted: true },
  active: { title: 'ACTIVE', kind: 'count', width: 7, rank: 1 },
  inactive: { title: 'INACT', kind: 'count', width: 7, rank: 2 },
  bound: { title: 'BOUND', kind: 'count', width: 7, rank: 3 },
  connections: { title: 'NEW/s', kind: 'rate', width: 6, rank: 1 },
  incomingPackets: { title: 'IN p/s', kind: 'rate', width: 7, rank: 7 },
  outgoingPackets: { title: 'OUT p/s', kind: 'rate', width: 7, rank: 8 },
  incomingBytes: { title: 'IN B/s', kind: 'bytes', width: 7, rank: 5 },
  outgoingBytes: { title: 'OUT B/s', kind: 'bytes', width: 7, rank: 5 },
  history: { title: 'LAST 60 s', kind: 'chart', width: 9, rank: 6, unsorted: true },
  count: { title: 'CONNS', kind: 'count', width: 7, rank: 1 },
} as const satisfies Readonly<Record<string, TopColumn>>;

/** The name of a column. */
export type ColumnName = keyof typeof topColumns;

/** How numbers and charts are written. */
export interface NumberStyle {
  /** In full, not as 1.2k. */
  readonly exact: boolean;
  /** Bits in place of bytes. */
  readonly bits: boolean;
  /** Charts of block characters. */
  readonly unicode: boolean;
}

function exactNumber(value: number, kind: Kind): string {
  return kind === 'rate' && value < 1000 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0);
}

/** A number as a column shows it; `-` for none. */
export function numberText(value: number | undefined, kind: Kind, { exact, bits }: NumberStyle): string {
  if (value === undefined) return '-';
  const shown = kind === 'bytes' && bits ? value * 8 : value;
  return exact ? exactNumber(shown, kind) : shortNumber(shown);
}

/** The title of a column. */
export function columnTitle(name: ColumnName, { bits }: NumberStyle): string {
  const { title, kind } = topColumns[name];
  return kind === 'bytes' && bits ? title.replace('B/s', 'b/s') : title;
}

const blocks = ['▁▂▃▄▅▆▇█', '_.-=+*#@'] as const;

/**
 * A chart of numbers, the latest at the right; where there are more than columns, each is the average of some.
 * @param highest the number that fills a column, the same for all charts that are compared.
 */
export function chart(numbers: readonly number[], width: number, highest: number, unicode: boolean): string {
  const steps = unicode ? blocks[0] : blocks[1];
  const each = Math.max(1, Math.ceil(numbers.length / width));
  let text = '';
  for (let end = numbers.length; end > 0; end -= each) {
    const some = numbers.slice(Math.max(0, end - each), end);
    const average = some.reduce((sum, number) => sum + number, 0) / some.length;
    const step = highest <= 0 ? 0 : Math.ceil((average / highest) * steps.length) - 1;
    text = (steps[Math.min(steps.length - 1, Math.max(0, step))] ?? '') + text;
  }
  return text.slice(-width);
}
