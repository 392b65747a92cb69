import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { version } from '../../../src/version.js';

interface OpenApi {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, object>>;
}

const page = readFileSync('docs/web.md', 'utf8');
const text = readFileSync('docs/openapi.yaml', 'utf8');
const description = load(text) as OpenApi;
const sources = ['app', 'server', 'pages'].map((name) => readFileSync(`src/web/${name}.ts`, 'utf8')).join('\n');

test('docs/openapi.yaml has every path that is served, and no other', () => {
  const served = [...sources.matchAll(/(?:path === |case )'(\/[a-z./]*)'/g)].map(([, path = '']) => path);
  assert.ok(served.length > 12);
  assert.deepEqual(Object.keys(description.paths).sort(), [...new Set(served)].sort());
  assert.equal(description.info.version, version);
});

test('what docs/openapi.yaml refers to is there', () => {
  const parts = description as unknown as Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
  const references = [...text.matchAll(/\$ref: '#\/(\w+)\/(\w+)\/(\w+)'/g)];
  assert.ok(references.length > 5);
  for (const [reference, first = '', second = '', third = ''] of references)
    assert.ok(parts[first]?.[second]?.[third] !== undefined, reference);
});

test('docs/web.md names what programs may ask for, and its pictures and examples are there', () => {
  for (const path of ['/api/table', '/api/checks', '/metrics', '/events', '/healthz'])
    assert.ok(page.includes(`\`${path}\``), path);
  const pictures = [...page.matchAll(/(?:\]\(|src=")(web-[\w-]+\.png)/g)].map(([, name = '']) => name);
  assert.equal(pictures.length, 3);
  for (const name of pictures) assert.ok(existsSync(`docs/${name}`), `${name}: npm run screenshots`);
});

test('docs/web.md has every metric about health', () => {
  const families = [...readFileSync('src/web/health-metrics.ts', 'utf8').matchAll(/name: '(ipvs_\w+)'/g)];
  for (const [, name = ''] of families) {
    // Two of a kind are named together.
    const isThere = page.includes(name) || page.includes(name.replace('ipvs_config_reload', '...'));
    assert.ok(isThere, name);
  }
});

test('the scrape configuration of docs/web.md is that of the examples', () => {
  const [, shown = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  const example = load(readFileSync('examples/prometheus/prometheus.yml', 'utf8')) as Record<string, object[]>;
  const [job] = (load(shown) as Record<string, object[]>)['scrape_configs'] ?? [];
  assert.deepEqual({ scrape_interval: '15s', ...job }, example['scrape_configs']?.[0]);
});
