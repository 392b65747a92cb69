// The checks of a server together: whether it is well, and what it is called; pure.

import { isFlapping, unknownAfter, type ProbeState } from './probe.js';
import type { WeightWish } from './outcome.js';

/** States of a server, for people and programs. */
export const serverStates = ['unchecked', 'new', 'up', 'failing', 'unknown', 'down', 'recovering'] as const;

/** State of a server. */
export type ServerState = (typeof serverStates)[number];

/** What the checks of a server say. */
export interface ServerHealth {
  readonly state: ServerState;
  readonly isUp: boolean;
  /** New, without a result so far. */
  readonly isPending: boolean;
  readonly isFlapping: boolean;
  readonly failure: 'unreachable' | 'said-no' | undefined;
  readonly wish: WeightWish | undefined;
  readonly drains: boolean;
  /** Why, for people: what the check said that the state is owed to. Undefined before the first result. */
  readonly reason: string | undefined;
}

const unchecked: ServerHealth = {
  state: 'unchecked',
  isUp: true,
  isPending: false,
  isFlapping: false,
  failure: undefined,
  wish: undefined,
  drains: false,
  reason: undefined,
};

/** Whether there is no result yet, and there may be one. */
function isPending({ isNew, isKnown, unknowns }: ProbeState, isPresent: boolean): boolean {
  return !isKnown && unknowns < unknownAfter && (isNew || !isPresent);
}

/**
 * Puts the checks of a server together: down when any is down, up when all are up.
 * @param isPresent whether the server was in the table when it was first seen; one that was not waits for its checks.
 */
export function combine(probes: readonly ProbeState[], isPresent: boolean): ServerHealth {
  const [first] = probes;
  if (first === undefined) return unchecked;
  const down = probes.filter((probe) => probe.verdict === 'down');
  const pending = probes.some((probe) => isPending(probe, isPresent));
  const known = down.filter((probe) => !isPending(probe, isPresent));
  const isDown = known.length > 0;
  const blamed =
    known.find(({ failure }) => failure === 'said-no') ??
    known.find(({ failure }) => failure !== undefined) ??
    probes.find(({ against }) => against > 0) ??
    known[0] ??
    first;
  return {
    state: stateOf(probes, isDown, pending && !isDown, known),
    isUp: !isDown && !pending,
    isPending: pending && !isDown,
    isFlapping: probes.some(isFlapping),
    // One that nothing is known about is as good as one that does not answer.
    failure: isDown ? (blamed.failure ?? 'unreachable') : undefined,
    wish: probes.find(({ wish }) => wish !== undefined)?.wish,
    drains: probes.some(({ drains }) => drains),
    reason: blamed.last?.outcome.reason,
  };
}

function stateOf(
  probes: readonly ProbeState[],
  isDown: boolean,
  isPending: boolean,
  down: readonly ProbeState[],
): ServerState {
  if (isPending) return 'new';
  if (probes.some(({ unknowns }) => unknowns >= unknownAfter)) return 'unknown';
  if (isDown) return down.every(({ against }) => against > 0) ? 'recovering' : 'down';
  return probes.some(({ against }) => against > 0) ? 'failing' : 'up';
}
