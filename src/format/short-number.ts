const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** A number in at most four characters: `0.5`, `12`, `1.2k`, `340k`. */
export function shortNumber(value: number): string {
  let scaled = value;
  let unit = 0;
  while (Math.round(scaled) >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const isWhole = unit === 0 && Number.isInteger(scaled);
  const digits = isWhole || scaled >= 9.95 ? scaled.toFixed(0) : scaled.toFixed(1);
  return `${digits}${units[unit] ?? ''}`;
}
