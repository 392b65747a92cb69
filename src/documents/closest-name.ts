/** Letters to insert, remove, replace or swap with the next to make one word of the other. */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (above[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + Number(!same),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (older[column - 2] ?? 0) + 1);
      }
      line.push(best);
    }
    older = above;
    above = line;
  }
  return above[b.length] ?? 0;
}

/** The word that a person most likely meant: at most a third of its letters differ. */
export function closestName(word: string, words: readonly string[]): string | undefined {
  // Longer than any name: it can't be a misspelling.
  if (word.length > 40) return undefined;
  const simplified = word.toLowerCase().replace(/[-_\s]/g, '');
  let best: { word: string; distance: number } | undefined;
  for (const candidate of words) {
    const far = distance(simplified, candidate.toLowerCase().replace(/-/g, ''));
    if (far <= candidate.length / 3 && far < (best?.distance ?? Infinity)) best = { word: candidate, distance: far };
  }
  return best?.word;
}
