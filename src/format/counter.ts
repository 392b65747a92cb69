/** Units, each with the first counter that is too large for it. */
const units = [
  ['K', 1_000n, 1_000_000_000n],
  ['M', 1_000_000n, 100_000_000_000n],
  ['G', 1_000_000_000n, 100_000_000_000_000n],
] as const;

/** A counter in a column of nine characters, the blank before it included; shortened with K, M, G or T (powers of 1000). */
export function formatCounter(value: bigint, exact: boolean): string {
  if (exact) return ` ${String(value).padStart(8)}`;
  if (value < 100_000_000n) return String(value).padStart(9);
  for (const [letter, unit, limit] of units) {
    if (value < limit) return `${String(value / unit).padStart(8)}${letter}`;
  }
  return `${String(value / 1_000_000_000_000n).padStart(8)}T`;
}
