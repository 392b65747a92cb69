import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerRequest, parseApart } from '../../../src/command/parse-apart.js';
import { parseConfiguration } from '../../../src/documents/parse-table.js';
import { DocumentError } from '../../../src/errors.js';
import { defaultTunnel } from '../../../src/model/server.js';

/** A document with so many servers; 2,000 are some 160 KiB. */
const documentOf = (servers: number, members = ''): Buffer =>
  Buffer.from(`checks: { web: { type: http } }
services:
  - address: 192.0.2.10
    port: 80
    check: web
${members}    servers:
${Array.from({ length: servers }, (_, index) => `      - { address: 10.0.${index >> 8}.${index & 255}, port: 8080, forwarding: masquerading, weight: 1 }\n`).join('')}`);

/** A thread, without the thread: what goes in and comes out is copied. */
class Thread {
  asked = 0;
  parseApart = async (request: unknown): Promise<unknown> => {
    this.asked++;
    return structuredClone(await answerRequest(structuredClone(request)));
  };
}

describe('a large document', () => {
  test('is parsed in a thread, to the same as here', async () => {
    const thread = new Thread();
    const text = documentOf(2000);
    const configuration = await parseApart(thread, text, 'f');
    assert.equal(thread.asked, 1);
    assert.deepEqual(configuration, await parseConfiguration(text, 'f'));
    const { table, health } = configuration;
    const checks = health.services.flatMap(({ servers }) => servers.flatMap((one) => one.checks));
    assert.equal(checks.length, 2000);
    assert.equal(new Set(checks).size, 1, 'servers share a check');
    assert.equal(table.services[0]?.servers[0]?.tunnel, defaultTunnel);
  });

  test('with something wrong ends in the same error', async () => {
    const text = documentOf(2000, '    scheduler: 7\n');
    const expected = await parseConfiguration(text, 'f').catch((error: unknown) => error);
    await assert.rejects(parseApart(new Thread(), text, 'f'), (error) => {
      assert.ok(error instanceof DocumentError && expected instanceof DocumentError);
      assert.deepEqual(
        [error.message, error.source, error.problems],
        [expected.message, expected.source, expected.problems],
      );
      return true;
    });
  });

  test('is parsed here where there is no thread, or another version answers', async () => {
    const text = documentOf(2000);
    for (const parseNot of [() => Promise.resolve(undefined), () => answerRequest({ version: '0.0.0' })]) {
      const { table } = await parseApart({ parseApart: parseNot }, text, 'f');
      assert.equal(table.services[0]?.servers.length, 2000);
    }
  });

  test('that the thread fails at is refused, with the reason', async () => {
    const parseNot = (): Promise<unknown> => Promise.reject(new Error('no end after 60 s'));
    await assert.rejects(parseApart({ parseApart: parseNot }, documentOf(2000), 'f'), (error) => {
      assert.ok(error instanceof DocumentError);
      assert.equal(error.message, "f: can't be parsed: no end after 60 s");
      return true;
    });
  });
});

test('a small document is parsed here', async () => {
  const thread = new Thread();
  await parseApart(thread, documentOf(10), 'f');
  assert.equal(thread.asked, 0);
});
