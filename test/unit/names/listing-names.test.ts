import assert from 'node:assert/strict';
import test from 'node:test';
import { readsAsHostName } from '../../../src/grammar/values.js';
import { ListingNames } from '../../../src/names/listing-names.js';
import { NoReplyError, type BulkResolver, type NameResolver } from '../../../src/ports/resolver.js';
import { noNames } from '../support/naming.js';

test('looks each address up once, all at the same time', async () => {
  const asked: string[] = [];
  let underWay = 0;
  let most = 0;
  const announced: number[] = [];
  const resolver: BulkResolver = {
    expect: (lookups) => announced.push(lookups),
    hostName: async (address) => {
      asked.push(address);
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      return address === '10.0.0.1' ? 'one' : undefined;
    },
    hostAddresses: (name) => noNames.hostAddresses(name),
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
    hostName: (address) => {
      asked.push(address);
      return address === '10.0.0.1' ? Promise.resolve('one') : new Promise(() => undefined);
    },
    hostAddresses: (name) => noNames.hostAddresses(name),
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
    hostName: () => Promise.reject(new NoReplyError('no reply')),
    hostAddresses: (name) => noNames.hostAddresses(name),
    servicePort: () => undefined,
    serviceName: () => undefined,
  };
  const names = new ListingNames(failing);
  await names.resolve(['10.0.0.1']);
  assert.equal(names.host('10.0.0.1'), undefined);
});

/** Name servers as they are: several addresses of one name, names that moved, names that are something else. */
const hosts: Readonly<Record<string, string>> = {
  '10.0.0.1': 'web',
  '10.0.0.2': 'both',
  '10.0.0.3': 'both',
  '10.0.0.4': 'moved',
  '10.0.0.5': 'gone',
  '10.0.0.6': '10.0.0.1',
  '10.0.0.7': 'evil\u001b[31m',
  '10.0.0.8': 'first',
  '10.0.0.9': 'first',
  '10.0.0.10': 'broken',
  '2001:db8::1': 'web6',
};
const forward: Readonly<Record<string, readonly string[]>> = {
  web: ['10.0.0.1'],
  both: ['10.0.0.2', '10.0.0.3'],
  moved: ['10.0.0.99'],
  '10.0.0.1': ['10.0.0.1'],
  'evil\u001b[31m': ['10.0.0.7'],
  first: ['10.0.0.8'],
  web6: ['10.0.0.11'],
};
const resolver: NameResolver = {
  hostName: (address) => Promise.resolve(hosts[address]),
  hostAddresses: (name) =>
    name === 'broken' ? Promise.reject(new Error('broken')) : Promise.resolve(forward[name] ?? []),
  // Port 81 has a name that is the first one of another port.
  serviceName: (port) => ({ 80: 'http', 81: 'http', 82: 'unknown' })[port],
  servicePort: (name) => (name === 'http' ? 80 : undefined),
};

test('of names that are read again only those count that lead back to just this address', async () => {
  const names = new ListingNames(resolver, readsAsHostName);
  await names.resolve(Object.keys(hosts));
  const named = Object.keys(hosts).filter((address) => names.host(address) !== undefined);
  assert.deepEqual(named, ['10.0.0.1', '10.0.0.8']);
  const ports = [80, 81, 82, 83].map((port) => names.service(port, 'tcp'));
  assert.deepEqual(ports, ['http', undefined, undefined, undefined]);
});

test('a listing shows the same names as they are', async () => {
  const names = new ListingNames(resolver);
  await names.resolve(Object.keys(hosts));
  for (const [address, name] of Object.entries(hosts)) assert.equal(names.host(address), name);
  assert.equal(names.service(81, 'tcp'), 'http');
});
