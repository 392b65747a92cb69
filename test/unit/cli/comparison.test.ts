import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTable } from '../../../src/documents/parse-table.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { main } from '../../main.js';
import { FakeIo } from '../support/fake-io.js';

const ranges = `services:
  - { address: 192.0.2.10, protocol: udp, ports: 50000-50099, scheduler: rr, servers: [{ address: 10.0.1.2 }] }
  - { address: 192.0.2.10, ports: [80, 443, 8000-8001] }
`;
const checked = `services:
  - { address: 192.0.2.10, port: 80, check: { type: tcp }, servers: [{ address: 10.0.1.2 }] }
`;

/** Runs a verb with a document on the standard input. @param present the kernel's table before. */
async function run(words: string, stdin: string, present = 'services: []') {
  const kernel = new FakeKernel(await parseTable(present, 'present'));
  const io = new FakeIo({ stdin, sockets: [kernel] });
  const status = await main(words.split(' '), io);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text, kernel };
}

describe('ports of a document', () => {
  for (const words of ['diff -', 'apply -', 'apply --dry-run -', 'diff --json -']) {
    test(`${words} tells how many services they are`, async () => {
      const { stderr } = await run(words, ranges);
      assert.equal(
        stderr,
        'ipvsadm: ports 50000-50099: 100 services, 100 to add\nipvsadm: ports 80, 443, 8000-8001: 4 services, 4 to add\n',
      );
    });
  }

  test('diff tells how many of them differ, and nothing of those that are as they are', async () => {
    const present = ranges.replace('50000-50099', '50010-50099').replace('rr', 'wrr');
    const { stderr } = await run('diff -', ranges, present);
    assert.equal(stderr, 'ipvsadm: ports 50000-50099: 100 services, 10 to add, 90 to change\n');
    const { status, stdout, stderr: nothing } = await run('diff -', ranges, ranges);
    assert.deepEqual({ status, stdout, nothing }, { status: 0, stdout: '', nothing: '' });
  });
});

describe('what is not looked at', () => {
  for (const verb of ['diff', 'apply']) {
    test(`${verb} tells of health checks with --verbose only`, async () => {
      assert.equal((await run(`${verb} -`, checked)).stderr, '');
      assert.equal(
        (await run(`${verb} --verbose -`, checked)).stderr,
        'ipvsadm: standard input: health checks are not looked at here\n',
      );
      assert.equal(
        (await run(`${verb} --verbose -`, ranges.replace('50000-50099', '[1]'))).stderr.includes('health'),
        false,
      );
    });

    test(`${verb} tells what a file of another program has beside the table with --verbose only`, async () => {
      const text = 'vrrp_instance inside {\n}\nvirtual_server 192.0.2.10 80 {\n    lb_kind DR\n}\n';
      assert.equal((await run(`${verb} -`, text)).stderr, '');
      assert.match(
        (await run(`${verb} --verbose -`, text)).stderr,
        /:1: vrrp_instance inside: VRRP is not part of the table/,
      );
    });
  }
});
