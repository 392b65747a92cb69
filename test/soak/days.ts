import { Churn, type ChurnOptions } from './churn.js';
import type { Kind } from './kind.js';
import { Random } from './random.js';

/** A day of a director, and what makes it this one. */
interface Day extends ChurnOptions {
  readonly seed: number;
}

/** Days of churn in fast motion, of directors with some services each. */
export const daysKind: Kind = {
  name: 'days',
  cases: 4,
  longest: 600,
  tries: 0,
  generate(random) {
    const day: Day = { seed: random.next(), servers: 50 + random.below(151), seconds: 86_400 };
    return Buffer.from(JSON.stringify(day));
  },
  async run(input) {
    const { seed, ...options } = JSON.parse(Buffer.from(input).toString()) as Day;
    await new Churn(new Random(seed), options).run();
  },
};
