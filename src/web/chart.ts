// Histories in, charts out; pure.

import type { Metered } from '../table/samples.js';
import { html, type Html } from './html.js';

const width = 720;
const height = 176;
const margin = { left: 72, right: 8, top: 14, bottom: 30 };

/** Samples that are further apart than this have nothing known between them, in milliseconds. */
const longestStep = 65_000;

/** A number that is at least as high and reads well: 1, 2 or 5 with zeros. */
function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return factor * power;
}

/** A chart of rates over time, the latest at the right. @param at the end, @param seconds the length of the time. */
export function chart(
  { history, times }: Pick<Metered, 'history' | 'times'>,
  at: number,
  seconds: number,
  label: string,
): Html {
  const highest = roundedUp(history.reduce((most, rate) => Math.max(most, rate), 1));
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const place = (index: number): string => {
    const x = margin.left + inner.width * (1 - (at - (times[index] ?? at)) / (seconds * 1000));
    const y = margin.top + inner.height * (1 - (history[index] ?? 0) / highest);
    return `${Math.max(margin.left, x).toFixed(1)} ${y.toFixed(1)}`;
  };
  const path = history.map((_, index) => {
    const isNext = index > 0 && (times[index] ?? 0) - (times[index - 1] ?? 0) <= longestStep;
    // A line of no length is a dot: a sample that is alone is seen, too.
    return `${isNext ? 'L' : `M${place(index)}L`}${place(index)}`;
  });
  const line = (part: number): Html => {
    const y = margin.top + inner.height * (1 - part);
    return html`<line x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}"/><text x="${margin.left - 6}" y="${y + 4}" text-anchor="end">${highest * part}</text>`;
  };
  const minutes = (ago: number): Html =>
    html`<text x="${margin.left + inner.width * (1 - (ago * 60) / seconds)}" y="${height - 8}" text-anchor="${ago === 0 ? 'end' : ago * 60 === seconds ? 'start' : 'middle'}">${ago === 0 ? 'now' : `${ago} min ago`}</text>`;
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}, at most ${Math.max(0, ...history).toFixed(1)}">
${[0, 0.5, 1].map(line)}${[seconds / 60, seconds / 120, 0].map(minutes)}
<path d="${path.join('')}"/>
</svg>`;
}
