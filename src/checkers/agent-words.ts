import { weights } from '../model/limits.js';
import type { Outcome, WeightWish } from '../health/outcome.js';
import { quoted, shown } from './shown.js';

/** Words of an agent that say how the server is. */
const states: Readonly<Record<string, 'up' | 'drain' | 'down'>> = {
  up: 'up',
  ready: 'up',
  drain: 'drain',
  maint: 'drain',
  down: 'down',
  fail: 'down',
  failed: 'down',
  stopped: 'down',
};

function parseWish(word: string): WeightWish | undefined {
  const [, percent, weight] = /^(?:(\d{1,6})%|weight:(\d{1,10}))$/.exec(word) ?? [];
  if (percent !== undefined) return { percent: Math.min(100, Number(percent)) };
  return weight === undefined ? undefined : { weight: Math.min(weights.highest, Number(weight)) };
}

/**
 * What an agent's line says, in HAProxy's words: `75%`, `weight:N`, `up`, `ready`, `drain`, `maint`, and `down`, `fail`, `failed` or
 * `stopped` with a reason after `#`. Words that are not known are passed over, unless there is no other.
 */
export function readAgentLine(line: string): Outcome {
  const [said = '', reason = ''] = line.split(/#(.*)/s);
  const words = said.toLowerCase().split(/[\s,]+/);
  const found = words.map((word) => (Object.hasOwn(states, word) ? states[word] : undefined));
  const wish = words.map(parseWish).findLast((each) => each !== undefined);
  const text = shown(line);
  if (found.includes('down')) return { kind: 'said-no', reason: shown(reason) || text };
  if (found.includes('drain'))
    return { kind: 'pass', reason: text, drains: true, ...(wish === undefined ? {} : { wish }) };
  if (wish !== undefined) return { kind: 'pass', reason: text, wish };
  if (found.includes('up')) return { kind: 'pass', reason: text };
  return { kind: 'unknown', reason: `the agent says ${quoted(line)}` };
}
