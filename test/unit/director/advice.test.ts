import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advice, loadAdvice } from '../../../src/director/advice.js';
import { parseConfiguration } from '../../../src/documents/parse-table.js';
import { Watch } from '../../../src/health/watch.js';

const services = {
  web: '{ address: 192.0.2.10, port: 80, servers: [] }',
  bound: '{ address: 192.0.2.10, port: 443, persistenceTimeout: 300, servers: [] }',
  dns: '{ address: 192.0.2.10, protocol: udp, port: 53, servers: [] }',
} as const;

/** What is said with these settings of the kernel, and so many descriptors for 1,000 checks. */
async function said(
  names: readonly (keyof typeof services)[],
  values: Readonly<Record<string, number>>,
  descriptors?: number,
): Promise<string> {
  const text = `services:\n${names.map((name) => `  - ${services[name]}\n`).join('')}`;
  const surroundings = { sysctl: (name: string) => values[name], descriptors };
  return advice(await parseConfiguration(text, 'test'), surroundings, 1000).join('\n');
}

test('settings of the kernel that work against checks are named where they matter', async () => {
  const bad = { expire_nodest_conn: 0, expire_quiescent_template: 1, conn_reuse_mode: 0 };
  const good = { expire_nodest_conn: 1, expire_quiescent_template: 0, conn_reuse_mode: 1 };
  assert.equal(await said(['web', 'bound', 'dns'], good), '');
  assert.equal(await said(['web', 'bound', 'dns'], {}), '');
  assert.match(
    await said(['web'], bad),
    /^net\.ipv4\.vs\.conn_reuse_mode is 0: [^\n]*sysctl -w net\.ipv4\.vs\.conn_reuse_mode=1$/,
  );
  assert.match(
    await said(['dns'], bad),
    /^net\.ipv4\.vs\.expire_nodest_conn is 0[^\n]*\nnet\.ipv4\.vs\.conn_reuse_mode/,
  );
  assert.equal((await said(['bound'], bad)).split('\n').length, 3);
});

test('too few descriptors for the checks at a time are named', async () => {
  assert.equal(await said(['web'], {}, 65536), '');
  assert.match(await said(['web'], {}, 1024), /^1024 open files are allowed, 1000 checks at a time may need more/);
});

test('so many checks that they take a core are named, with what they take', async () => {
  const watch = new Watch({ expiresTemplates: false });
  const servers = Array.from({ length: 200 }, (_, index) => `{ address: 10.0.${index >> 8}.${index & 255}, port: 80 }`);
  const text = (check: string): string =>
    `services: [{ address: 192.0.2.10, port: 80, check: ${check}, servers: [${servers.join(', ')}] }]`;
  watch.load(await parseConfiguration(text('{ type: tcp }'), 'test'), [], 0);
  assert.equal(loadAdvice(watch.probes), undefined);
  watch.load(await parseConfiguration(text('{ type: http, tls: {}, interval: 0.2, timeout: 0.1 }'), 'test'), [], 0);
  assert.match(loadAdvice(watch.probes) ?? '', /^200 checks take about 82 % of a core and may be late/);
});
