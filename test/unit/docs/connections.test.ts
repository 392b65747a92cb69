import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { verbs } from '../../../src/cli/run-verb.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { FakeKernel } from '../../../src/testing/fake-kernel.js';
import { main } from '../../main.js';
import { connectionTableText } from '../support/connection-lines.js';
import { FakeIo, pieces } from '../support/fake-io.js';

const page = readFileSync('docs/connections.md', 'utf8');

const table = connectionTableText([
  'TCP 203.0.113.7:40001 192.0.2.10:80 10.0.1.2:80 ESTABLISHED 899',
  'TCP 203.0.113.7:40002 192.0.2.10:80 10.0.1.2:80 TIME_WAIT 59',
  'TCP 203.0.113.7:0 192.0.2.10:80 10.0.1.2:80 ASSURED 299',
  'TCP 203.0.113.9:40003 192.0.2.10:80 10.0.1.3:80 SYN_RECV 57',
  'TCP 198.51.100.4:40004 192.0.2.10:80 10.0.1.4:80 ESTABLISHED 840',
  'TCP 198.51.100.4:0 192.0.2.10:80 10.0.1.4:80 ASSURED 240',
  'UDP 203.0.113.7:53124 192.0.2.10:53 10.0.1.3:53 UDP 288',
]);

const services = [
  {
    service: virtualService(serviceAt('192.0.2.10', 80)),
    servers: ['10.0.1.2', '10.0.1.3'].map((address) => realServer({ address, port: 80 })),
  },
  {
    service: virtualService(serviceAt('192.0.2.10', 53, 'udp')),
    servers: [realServer({ address: '10.0.1.3', port: 53 })],
  },
];

/** The commands of the page with what it shows of their output. */
const examples = [...page.matchAll(/^```console\n([^]*?)^```\n/gm)].flatMap(([, block = '']) =>
  block
    .split(/^# /m)
    .slice(1)
    .map((example) => {
      const [command = '', ...output] = example.split('\n');
      return { command, output: output.join('\n') };
    }),
);

describe('docs/connections.md', () => {
  test('has examples', () => {
    assert.ok(examples.length >= 9);
  });

  for (const { command, output } of examples) {
    test(`${command} prints what the page says`, async () => {
      const [program, ...words] = command.split(' ');
      assert.equal(program, 'ipvsadm');
      const readFile = (): AsyncGenerator<Uint8Array> => pieces([Buffer.from(table)]);
      const io = new FakeIo({ sockets: [new FakeKernel({ services })], machine: { readFile } });
      const status = await main(words, io);
      assert.deepEqual({ status, stderr: io.stderr.text }, { status: 0, stderr: '' });
      assert.equal(output, io.stdout.text);
    });
  }

  test('has every filter', () => {
    const options = verbs.find(({ name }) => name === 'connections')?.options ?? {};
    for (const name of Object.keys(options)) assert.ok(page.includes(`--${name}`) || /^ipv[46]$/.test(name), name);
  });
});
