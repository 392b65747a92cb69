// What other programs may ask a daemon for, as it comes in at its socket.

import * as v from 'valibot';
import { StateError } from '../errors.js';
import { weights } from '../model/limits.js';
import { longestReason } from '../table/drain-record.js';
import { printable } from '../text/printable.js';

const names = v.array(v.string());
const reason = v.optional(
  v.pipe(
    v.string(),
    v.transform((text) => printable(text).slice(0, longestReason)),
  ),
);
const by = v.pipe(v.string(), v.transform(printable));
const flag = v.optional(v.boolean(), false);

/** The requests, by what they ask for. */
const requestSchema = v.variant('do', [
  /** The services that it keeps, with their servers and the document's weights. */
  v.object({ do: v.literal('owns') }),
  /** All that it knows. */
  v.object({ do: v.literal('checks') }),
  /** The same, after these servers were checked. None: all. */
  v.object({ do: v.literal('check'), servers: names }),
  /** Takes the document anew. The answer says no more than that. */
  v.object({ do: v.literal('reload'), force: flag }),
  /** No new connections for servers, or, with `remove`, none at all. */
  v.object({ do: v.literal('drain'), servers: names, remove: flag, force: flag, dryRun: flag, reason, by }),
  /** Drained no more. `ramp`: seconds in which their weights rise. */
  v.object({ do: v.literal('undrain'), servers: names, ramp: v.optional(v.pipe(v.number(), v.minValue(0))) }),
  /** Weights in place of the document's; `undefined` ends that. */
  v.object({
    do: v.literal('weigh'),
    weights: v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(weights.highest))),
    force: flag,
    by,
  }),
]);

/** A request. */
export type Request = v.InferOutput<typeof requestSchema>;

/** What is to be asked for. */
export type RequestInput = Plain<v.InferInput<typeof requestSchema>>;

/** The same with lists that are only read. */
type Plain<T> = T extends unknown
  ? { readonly [K in keyof T]: T[K] extends (infer Item)[] ? readonly Item[] : T[K] }
  : never;

/** @throws {StateError} for what is no request. */
export function readRequest(value: unknown): Request {
  const { success, output } = v.safeParse(requestSchema, value);
  if (!success) throw new StateError('that request is not known: is this another version of ipvsadm?');
  return output;
}
