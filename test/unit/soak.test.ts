import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Churn } from '../soak/churn.js';
import { kindOf, kinds } from '../soak/kinds.js';
import { Random } from '../soak/random.js';

const fixtures = 'test/soak/fixtures';

describe('soak', () => {
  for (const { name, generate, run, tries = 200 } of kinds.filter(({ tries }) => tries !== 0)) {
    test(`the first cases of ${name} are taken as they should be`, async () => {
      for (let number = 0; number < tries; number++) await run(generate(new Random('test', name, number)));
    });
  }

  test('half an hour of a director goes by as it should', async () => {
    await new Churn(new Random('test'), { servers: 60, seconds: 1800 }).run();
  });

  // Inputs that a run has kept: each was a bug.
  for (const file of readdirSync(fixtures).filter((one) => !one.endsWith('.md'))) {
    test(`${file}, which failed once, is taken as it should be`, async () => {
      await kindOf(file.split('-')[0] ?? '').run(readFileSync(`${fixtures}/${file}`));
    });
  }
});
