// Notices when this process stood still: a silence that it has slept through itself says nothing about a server.

/** Milliseconds between looks at the clock. */
const beat = 50;
/** Milliseconds between two looks that are a stall. */
const stall = 200;

let watchers = 0;
let timer: NodeJS.Timeout | undefined;
let lastLook = 0;
let lastStall = -Infinity;

function look(): void {
  const now = performance.now();
  if (now - lastLook > stall) lastStall = now;
  lastLook = now;
}

/** Begins to look at the clock, until `unwatchStalls` is called as often. */
export function watchStalls(): void {
  if (watchers++ > 0) return;
  lastLook = performance.now();
  timer = setInterval(look, beat);
}

/** The end of a `watchStalls`. */
export function unwatchStalls(): void {
  if (--watchers === 0) clearInterval(timer);
}

/**
 * Whether this process stood still after that time of `performance.now()`. Only what is watched is known.
 */
export function stalledSince(time: number): boolean {
  look();
  return lastStall > time;
}
