import type { ScreenState } from '../../../src/cli/top-keys.js';
import { Meter, type TableReading } from '../../../src/table/samples.js';
import { tableAfter } from './samples.js';

/** What `top` begins with. */
export const firstState: ScreenState = {
  view: 'services',
  sort: 'connections',
  inverted: false,
  filter: '',
  folded: new Set(),
  selected: undefined,
  exact: false,
  bits: false,
  unicode: true,
  paused: false,
  help: false,
  message: '',
  interval: 2,
  changes: false,
  prompt: undefined,
};

/** The reading after so many samples of the table in samples.ts, two seconds apart. */
export async function readingAfter(samples: number): Promise<TableReading> {
  const meter = new Meter();
  let reading = await meter.add({ at: 0, cost: 1, services: tableAfter(0) });
  for (let made = 1; made < samples; made++) {
    reading = await meter.add({ at: made * 2000, cost: 1, services: tableAfter(made * 2) });
  }
  return reading;
}
