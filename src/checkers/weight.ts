import { weights } from '../model/limits.js';

/** The weight that a text is; undefined where it is none. */
export function parseWeight(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const weight = Number(text);
  return weight > weights.highest ? undefined : weight;
}
