import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Served } from '../../browser/served.js';
import { main } from '../../main.js';
import { FakeIo } from '../support/fake-io.js';

describe('ipvsadm web', () => {
  let directory: string;
  let file: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'ipvsadm-token-'));
    file = join(directory, 'token');
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  test('takes the token of a file that its group may read, and does not print it', async () => {
    writeFileSync(file, 'a-token-of-enough-letters\n', { mode: 0o440 });
    const served = await Served.start({ words: ['--token-file', file] });
    try {
      assert.equal(served.token, '');
      const headers = { authorization: 'Bearer a-token-of-enough-letters' };
      const answer = await fetch(`${served.origin}/metrics`, { headers });
      const text = await answer.text();
      assert.match(text, /^ipvs_up 1$/m);
      assert.match(
        text,
        /^ipvs_server_state\{daemon="web",service="tcp:192\.0\.2\.10:80",server="10\.0\.1\.4:8080",state="down"\} 1$/m,
      );
      const open = await fetch(`${served.origin}/metrics`, {
        headers: { ...headers, accept: 'application/openmetrics-text' },
      });
      assert.match(await open.text(), /\nipvs_service_sorry\{[^\n]*\n[^]*# EOF\n$/);
      assert.equal((await fetch(`${served.origin}/metrics`)).status, 401);
    } finally {
      assert.equal(await served.stop(), 0);
    }
  });

  test('has for programs what the commands print', async () => {
    const served = await Served.start();
    try {
      const headers = { authorization: `Bearer ${served.token}` };
      const table = (await (await fetch(`${served.origin}/api/table`, { headers })).json()) as { services: unknown[] };
      assert.equal(table.services.length, 4);
      const { daemons } = (await (await fetch(`${served.origin}/api/checks`, { headers })).json()) as {
        daemons: { instance: string }[];
      };
      assert.deepEqual(
        daemons.map(({ instance }) => instance),
        ['web'],
      );
    } finally {
      await served.stop();
    }
  });

  const refused: readonly (readonly [title: string, words: () => string[], message: RegExp])[] = [
    [
      'another address than those of this host',
      () => ['--listen', '192.0.2.1:3636'],
      /is for other machines, too: that needs certificates and users by --web\.config\.file/,
    ],
    ['an address without a port', () => ['--listen', '127.0.0.1'], /ADDRESS:PORT/],
    [
      'a token that others may read',
      () => (chmodSync(file, 0o644), ['--listen', '127.0.0.1:0', '--token-file', file]),
      /others may read or write it: chmod 600/,
    ],
    ['a group that is none', () => ['--group', 'no-such-group-at-all'], /there is no group no-such-group-at-all/],
    ['a path that is not whole', () => ['--socket', 'web.sock'], /begins with \//],
    ['looks without a pause', () => ['--interval', '0'], /from 1 to 60/],
  ];
  for (const [title, words, message] of refused) {
    test(`refuses ${title}`, async () => {
      const io = new FakeIo();
      assert.notEqual(await main(['web', ...words()], io), 0);
      assert.match(io.stderr.text, message);
      assert.equal(io.socketsOpened, 0);
    });
  }
});
