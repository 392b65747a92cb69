import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readWords } from '../../../src/cli/read-words.js';
import { verbs } from '../../../src/cli/run-verb.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { main } from '../../main.js';
import { FakeIo, MemoryState } from '../support/fake-io.js';

/** The blocks of code of a page. */
function blocks(page: string, languages: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`(?:${languages})\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);
}

/** The words of a command, as a shell reads them: quotes are all that examples need. */
function wordsOf(command: string): string[] {
  return (command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []).map((word) => word.replace(/['"]/g, ''));
}

/** The commands with verbs in a text, each up to what only the shell sees. */
function commandsIn(text: string): string[] {
  const names = verbs.map(({ name }) => name).join('|');
  const found = text.matchAll(
    new RegExp(`(?:^|[\\s(|;&])ipvsadm ((?:${names})\\b(?:(?!\\s\\d?[<>])[^|;&()#\\n])*)`, 'g'),
  );
  return [...found].map(([, command = '']) => command.trim());
}

const pages = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

describe('commands in the documentation', () => {
  for (const page of pages) {
    const commands = [...new Set(blocks(readFileSync(page, 'utf8'), 'sh|console').flatMap(commandsIn))];
    for (const command of commands) {
      test(`${page}: ipvsadm ${command} is understood`, () => {
        const [name, ...words] = wordsOf(command.replaceAll('$half', '1/2').replaceAll('$hosts', '10.0.1.2'));
        const verb = verbs.find((one) => one.name === name);
        assert.ok(verb !== undefined);
        readWords(verb, words);
      });
    }
  }

  test('there are some of every verb', () => {
    const all = pages.flatMap((page) => blocks(readFileSync(page, 'utf8'), 'sh|console').flatMap(commandsIn));
    const shown = new Set(all.map((command) => command.split(' ')[0]));
    assert.deepEqual(
      verbs.map(({ name }) => name).filter((name) => !shown.has(name)),
      [],
    );
  });
});

test('the README shows what set, drain and undrain print', async () => {
  const [, section = ''] = /^## Day by day$([^]*?)^## /m.exec(readFileSync('README.md', 'utf8')) ?? [];
  const [session = ''] = blocks(section, 'console');
  const servers = ['10.0.1.2', '10.0.2.2'].map((address) =>
    realServer({ address, port: 8080, weight: 3, forwarding: 'masquerading' }),
  );
  const kernel = new FakeKernel({
    services: [{ service: virtualService(serviceAt('192.0.2.10', 80), { scheduler: 'wrr' }), servers }],
  });
  const state = new MemoryState();
  let shown = '';
  for (const [, command = ''] of session.matchAll(/^# ipvsadm (.*)$/gm)) {
    // Every command has a connection of its own.
    const socket = {
      send: kernel.send.bind(kernel),
      receive: kernel.receive.bind(kernel),
      close: (): void => undefined,
    };
    const io = new FakeIo({ sockets: [socket], state });
    assert.equal(await main(wordsOf(command), io), 0, io.stderr.text);
    shown += `# ipvsadm ${command}\n${io.stdout.text}${io.stderr.text}`;
  }
  assert.equal(shown, session);
});
