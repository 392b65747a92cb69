import type { Check, CheckType } from '../documents/health-schema.js';
import type { CheckTarget } from '../health/outcome.js';
import type { Attempt } from './attempt.js';

/** A check of a type. */
export type CheckOf<K extends CheckType> = Extract<Check, { readonly type: K }>;

/** Whom a check of a type asks. */
export type TargetOf<K extends CheckType> = Omit<CheckTarget, 'check'> & { readonly check: CheckOf<K> };

/** Asks. What it throws ends the attempt. */
export type Ask<K extends CheckType> = (attempt: Attempt, target: TargetOf<K>) => void;

/** 4 or 6, as Node.js wants to have it. */
export function ipVersion({ family }: Pick<CheckTarget, 'family'>): 4 | 6 {
  return family === 'inet' ? 4 : 6;
}

/** The endpoint as it stands in a URL, such as `[2001:db8::1]:80`. */
export function authority({ family, address, port }: Pick<CheckTarget, 'family' | 'address' | 'port'>): string {
  return family === 'inet' ? `${address}:${port}` : `[${address}]:${port}`;
}

/** What is made of a check once and used each time; it goes with the check. */
export function perCheck<C extends object, T>(make: (check: C) => T): (check: C) => T {
  const made = new WeakMap<C, T>();
  return (check) => {
    let value = made.get(check);
    if (value === undefined) {
      value = make(check);
      made.set(check, value);
    }
    return value;
  };
}
