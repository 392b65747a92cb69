import { ValueError } from '../errors.js';
import { weights } from '../model/limits.js';

/** A weight, or by how many percent to change the one that is there. */
export type WeightChange = { readonly weight: number } | { readonly percent: number };

/** Reads `10`, `+10%` or `-50%`. @throws {ValueError} */
export function parseWeightChange(text: string): WeightChange {
  const { lowest, highest } = weights;
  const [, percent] = /^([+-]\d{1,9})%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) >= -100) return { percent: Number(percent) };
  const weight = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (weight >= lowest && weight <= highest) return { weight };
  throw new ValueError(
    `a weight is a number from ${lowest} to ${highest}, or a change such as +10% or -50%, not ${text}`,
  );
}

/**
 * The weight after a change, rounded. By percent, a server that takes connections keeps a weight of at least 1, but for -100%:
 * 0 would drain it.
 */
export function changedWeight(present: number, change: WeightChange): number {
  if ('weight' in change) return change.weight;
  if (present === 0 || change.percent === -100) return 0;
  return Math.min(weights.highest, Math.max(1, Math.round((present * (100 + change.percent)) / 100)));
}
