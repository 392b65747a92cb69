import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { checkOnce } from '../../../src/cli/check-once.js';
import { parseConfiguration } from '../../../src/documents/parse-table.js';
import { checkTypes } from '../../../src/documents/health-schema.js';
import { asksForChecks } from '../../../src/documents/health.js';
import { serverStates } from '../../../src/health/server-health.js';
import { main } from '../../main.js';
import { FakeIo, pieces } from '../support/fake-io.js';
import { WatchedDirector } from '../support/watched-director.js';

const page = readFileSync('docs/health.md', 'utf8');

/** The blocks of the page in a language. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);
}

/** A service for checks that are shown alone: each of them is used. */
function withService(text: string): string {
  if (/^services:/m.test(text)) return text;
  const names = [...text.matchAll(/^ {2}([\w-]+):/gm)].map(([, name = '']) => name);
  // An agent never comes alone.
  const check = [...names, '{ type: tcp }'].join(', ');
  return `${text}services:\n  - { address: 192.0.2.10, port: 80, check: [${check}], servers: [{ address: 10.0.1.2 }] }\n`;
}

const documents = blocks('yaml');
/** The document that the page begins with, and the one with checks. */
const [plain = '', checked = ''] = documents;

describe('documents in docs/health.md', () => {
  for (const [index, text] of documents.entries()) {
    test(`the one of number ${index + 1} is valid`, async () => {
      const { health } = await parseConfiguration(withService(text), 'docs/health.md');
      assert.equal(asksForChecks(health), index > 0);
    });
  }

  test('every type of check is among them', () => {
    const shown = documents.join('');
    assert.deepEqual(
      checkTypes.filter((type) => !shown.includes(`type: ${type}`)),
      [],
    );
  });

  test('the first with checks is the one without, and checks', () => {
    const lines = checked.split('\n');
    assert.deepEqual(
      plain.split('\n').filter((line) => !lines.includes(line)),
      [],
    );
  });
});

test('docs/health.md has every state of a server', () => {
  const [, section = ''] = /^## States\n([^]*?)^## /m.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)` /gm)].map(([, state]) => state);
  for (const state of serverStates) assert.ok(rows.includes(state), state);
});

test('examples/health.yaml is valid, and checks every server', async () => {
  const name = 'examples/health.yaml';
  const { health } = await parseConfiguration(readFileSync(name), name);
  assert.ok(health.services.every(({ servers }) => servers.every(({ checks }) => checks.length > 0)));
});

/** The names of all members of a value, however deep. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)]);
}

/** Where the outputs of commands are shown. */
const sessions = blocks('console').join('');
/** Where the lines of the log are shown. */
const log = blocks('text').find((text) => text.startsWith('keeps ')) ?? '';
/** Input of a program that is told of changes. */
const [told = ''] = blocks('json');

/** The director of the page: one server is well, the other answers 503. */
function director(): WatchedDirector {
  const made = new WatchedDirector();
  made.hosts.set('10.0.1.2', { kind: 'pass', reason: 'HTTP 200' });
  made.hosts.set('10.0.1.3', { kind: 'said-no', reason: 'HTTP 503 instead of 200-399' });
  return made;
}

describe('docs/health.md shows', () => {
  test('what run --check prints', async () => {
    const { start, clock } = director();
    const io = new FakeIo({ stdin: pieces([Buffer.from(checked)]), machine: { clock } });
    const status = checkOnce(io, start, { file: '-', json: false, mostChecks: 1000 });
    await clock.pass(100);
    assert.equal(await status, 1);
    assert.ok(sessions.includes(`# ipvsadm run --check web.yaml\n${io.stdout.text}`), io.stdout.text);
  });

  test('what checks prints, with its JSON in docs/json.md, the log, and what programs are told', async () => {
    const made = director();
    made.hosts.set('10.0.1.3', { kind: 'pass', reason: 'HTTP 200' });
    await made.begin(checked.replace('check: web', 'check: web\n    onChange: [/usr/local/bin/tell]'));
    await made.seconds(60);
    made.hosts.set('10.0.1.3', { kind: 'said-no', reason: 'HTTP 503 instead of 200-399' });
    await made.seconds(20);
    const io = new FakeIo({ sockets: [made.kernel], state: made.state, control: made.control });
    const status = main(['checks'], io);
    await made.clock.pass(20);
    assert.equal(await status, 1);
    const shown = io.stdout.text.replace(/process \d+/, 'process 1234');
    assert.ok(sessions.includes(`# ipvsadm checks\n${shown}`), shown);
    const [, section = ''] = /^## Health\n([^]*?)^## /m.exec(readFileSync('docs/json.md', 'utf8')) ?? [];
    const missing = namesIn(await made.ask({ do: 'checks' })).filter((name) => !section.includes(`\`${name}\``));
    assert.deepEqual(missing, [], 'docs/json.md');
    made.hosts.set('10.0.1.2', { kind: 'unreachable', reason: 'no answer within 2 s' });
    await made.seconds(30);
    made.hosts.set('10.0.1.3', { kind: 'pass', reason: 'HTTP 200' });
    await made.seconds(10);
    assert.equal(log, made.log);
    const inputs = made.io.hooks.map(({ input }) => JSON.parse(input) as { changes: object[] });
    assert.ok(
      inputs.some((input) => JSON.stringify(input) === JSON.stringify(JSON.parse(told))),
      JSON.stringify(inputs, undefined, 2),
    );
    await made.stop();
  });
});
