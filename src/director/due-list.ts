// What is due next: a binary heap by time.

/** Items by the time at which they are due. */
export class DueList<T> {
  readonly #heap: { readonly due: number; readonly item: T }[] = [];

  /** How many there are. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the first is due; undefined where there is none. */
  get next(): number | undefined {
    return this.#heap[0]?.due;
  }

  /** Adds an item. */
  add(item: T, due: number): void {
    const heap = this.#heap;
    let place = heap.length;
    const entry = { due, item };
    heap.push(entry);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.due <= due) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = entry;
  }

  /** Takes the first item, if it is due by then. */
  take(now: number): { readonly due: number; readonly item: T } | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.due > now) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(entry: { readonly due: number; readonly item: T }): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child !== undefined && right !== undefined && right.due < child.due) {
        below++;
        child = right;
      }
      if (child === undefined || child.due >= entry.due) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = entry;
  }
}
