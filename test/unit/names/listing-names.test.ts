import assert from 'node:assert/strict';
import test from 'node:test';
import { ListingNames } from '../../../src/names/listing-names.js';
import { NoAnswerError, type NameResolver } from '../../../src/ports/resolver.js';
import { noNames } from '../support/naming.js';

test('looks each address up once, all at the same time', async () => {
  const asked: string[] = [];
  let underWay = 0;
  let most = 0;
  const announced: number[] = [];
  const resolver: NameResolver = {
    expect: (lookups) => announced.push(lookups),
    hostName: async (address) => {
      asked.push(address);
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      return address === '10.0.0.1' ? 'one' : undefined;
    },
    hostAddress: (name) => noNames.hostAddress(name),
    servicePort: () => undefined,
    serviceName: (port) => (port === 80 ? 'http' : undefined),
  };
  const names = new ListingNames(resolver);
  await names.resolve(['10.0.0.1', '10.0.0.2', '10.0.0.1']);
  await names.resolve(['10.0.0.2', '10.0.0.3']);
  assert.deepEqual(asked, ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  assert.equal(most, 2);
  assert.deepEqual(announced, [2, 1]);
  assert.equal(names.host('10.0.0.1'), 'one');
  assert.equal(names.host('10.0.0.2'), undefined);
  assert.equal(names.host('never asked'), undefined);
  assert.equal(names.service(80, 'tcp'), 'http');
});

test('gives names up when nobody answers, and asks no more', async () => {
  const asked: string[] = [];
  const silent: NameResolver = {
    expect: () => undefined,
    hostName: (address) => {
      asked.push(address);
      return address === '10.0.0.1' ? Promise.resolve('one') : new Promise(() => undefined);
    },
    hostAddress: (name) => noNames.hostAddress(name),
    servicePort: () => undefined,
    serviceName: () => undefined,
  };
  const names = new ListingNames(silent);
  await names.resolve(['10.0.0.1', '10.0.0.2']);
  await names.resolve(['10.0.0.3']);
  assert.deepEqual(asked, ['10.0.0.1', '10.0.0.2']);
  assert.equal(names.host('10.0.0.1'), 'one');
  assert.equal(names.host('10.0.0.2'), undefined);
});

test('shows numbers where a look-up fails', async () => {
  const failing: NameResolver = {
    expect: () => undefined,
    hostName: () => Promise.reject(new NoAnswerError('no answer')),
    hostAddress: (name) => noNames.hostAddress(name),
    servicePort: () => undefined,
    serviceName: () => undefined,
  };
  const names = new ListingNames(failing);
  await names.resolve(['10.0.0.1']);
  assert.equal(names.host('10.0.0.1'), undefined);
});
