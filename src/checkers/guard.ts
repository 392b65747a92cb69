import type { Attempt } from './attempt.js';

/** Has what is thrown in an event end the attempt, and hears nothing that comes after that. */
export function guard(attempt: Attempt, action: () => void): void {
  if (attempt.isOver) return;
  try {
    action();
  } catch (cause) {
    attempt.fail(cause);
  }
}
