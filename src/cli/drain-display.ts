import type { DrainProgress } from '../table/drain.js';
import { counted } from '../text/counted.js';
import type { Output } from '../ports/io.js';

/** Shows the progress of a drain. */
export interface DrainDisplay {
  show(progress: DrainProgress): Promise<void>;
  /** Ends it with a line for each server that is still busy. */
  finish(progress: DrainProgress | undefined): Promise<void>;
}

/** Seconds between two lines of a log. */
const logInterval = 10;

/** Looks at the connections after which there is one where no time is set: about as long. */
const logLooks = 20;

/** Returns to the start of the terminal's line and clears it: ECMA-48, EL. */
const clearLine = '\r\x1b[K';

function stateText({ servers, busy, secondsLeft }: DrainProgress): string {
  const connections = busy.reduce((sum, one) => sum + one.connections, 0);
  const active = counted(connections, 'active connection');
  const left = secondsLeft === Infinity ? '' : `, ${Math.ceil(secondsLeft)} s left`;
  return `draining: ${busy.length} of ${counted(servers, 'server')} busy, ${active}${left}`;
}

/** On a terminal one line that is rewritten, otherwise lines for a log. */
export function drainDisplay(output: Output): DrainDisplay {
  const { isTerminal } = output;
  let nextAt = Infinity;
  let looks = 0;
  let busyBefore = -1;
  let isLineOpen = false;
  return {
    async show(progress) {
      const { busy, secondsLeft } = progress;
      if (isTerminal) {
        isLineOpen = true;
        await output.write(`${clearLine}${stateText(progress).slice(0, (output.columns ?? 80) - 1)}`);
        return;
      }
      // One at the start, one for each server that is done, and one every interval.
      const isDue = secondsLeft === Infinity ? ++looks >= logLooks : secondsLeft <= nextAt;
      if (busy.length === busyBefore && !isDue) return;
      looks = 0;
      busyBefore = busy.length;
      nextAt = secondsLeft - logInterval;
      await output.write(`${stateText(progress)}\n`);
    },
    async finish(progress) {
      if (isLineOpen) await output.write('\n');
      isLineOpen = false;
      for (const { subject, connections } of progress?.busy ?? []) {
        await output.write(`${subject} still has ${counted(connections, 'active connection')}\n`);
      }
    },
  };
}
