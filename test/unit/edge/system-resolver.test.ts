import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNameResolver } from '../../../src/edge/system-resolver.js';
import { ListingNames } from '../../../src/names/listing-names.js';

const resolver = createNameResolver();

const addresses: readonly (readonly [name: string, addresses: readonly string[]])[] = [
  ['', []],
  ['127.0.0.1', ['127.0.0.1']],
  ['::1', []],
];

for (const [name, expected] of addresses) {
  test(`${JSON.stringify(name)} has ${expected.length === 0 ? 'no IPv4 address' : `the address ${expected.join()}`}`, async () => {
    assert.deepEqual(await resolver.hostAddresses(name), expected);
  });
}

test('names are looked up without touching the environment, which is that of the whole process', async () => {
  const before = { ...process.env };
  await new ListingNames(resolver).resolve(['127.0.0.1']);
  await resolver.hostAddresses('localhost');
  assert.deepEqual({ ...process.env }, before);
});
