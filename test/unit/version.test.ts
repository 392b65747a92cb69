import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { version } from '../../src/version.js';

test('the version is that of the package', () => {
  // Tests run from the root of the checkout.
  const description: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.ok(typeof description === 'object' && description !== null && 'version' in description);
  assert.equal(version, description.version);
});
