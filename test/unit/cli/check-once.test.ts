import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkOnce } from '../../../src/cli/check-once.js';
import type { StartCheck } from '../../../src/health/outcome.js';
import { main } from '../../main.js';
import { FakeIo, pieces } from '../support/fake-io.js';

const documentOf = (check: string): string => `
services:
  - { address: 192.0.2.10, port: 80, check: ${check}, servers: [{ address: 10.0.1.2 }, { address: 10.0.1.3 }] }
`;

/** Every host but the last one is well. */
const start: StartCheck = ({ address }, done) => {
  setImmediate(() => {
    if (address.endsWith('3')) done({ kind: 'unreachable', reason: 'no answer within 2 s' });
    else done({ kind: 'pass', reason: 'connected' });
  });
  return () => undefined;
};

async function once(check: string, json = false): Promise<{ status: number; stdout: string; stderr: string }> {
  const io = new FakeIo({ stdin: pieces([Buffer.from(documentOf(check))]) });
  const status = await checkOnce(io, start, { file: '-', json, mostChecks: 1 });
  return { status, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe('run --check', () => {
  test('shows every server and its result, and nothing that only a daemon knows', async () => {
    const { status, stdout } = await once('{ type: tcp }');
    assert.equal(status, 1);
    assert.match(stdout, /^│ Service \/ server +│ State +│ Check +│ Last result +│ +ms │$/m);
    assert.match(stdout, /10\.0\.1\.2:80 +│ up +│ tcp +│ connected /);
    assert.match(stdout, /10\.0\.1\.3:80 +│ down +│ tcp +│ no answer within 2 s /);
    assert.match(stdout, /\n2 checks: 1 did not pass\n$/);
  });

  test('of a document without checks is no table', async () => {
    assert.deepEqual(await once('none'), { status: 0, stdout: '', stderr: 'ipvsadm: standard input has no checks\n' });
  });

  test('for programs has the same names as checks --json', async () => {
    const { status, stdout } = await once('{ type: tcp }', true);
    assert.equal(status, 1);
    const { services } = JSON.parse(stdout) as {
      services: { servers: { state: string; kernelWeight: null; checks: { result: string }[] }[] }[];
    };
    assert.deepEqual(
      services[0]?.servers.map(({ state, kernelWeight, checks }) => [state, kernelWeight, checks[0]?.result]),
      [
        ['up', null, 'pass'],
        ['down', null, 'unreachable'],
      ],
    );
  });

  test('of a document that is wrong ends with 2', async () => {
    const io = new FakeIo({ stdin: pieces([Buffer.from(documentOf('web'))]) });
    assert.equal(await main(['run', '--check', '-'], io), 2);
    assert.match(io.stderr.text, /no check is called "web"; the document has no checks/);
  });
});
