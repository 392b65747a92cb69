import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { main } from '../../main.js';
import { kernelSocket } from '../support/kernel-socket.js';
import { FakeIo, pieces, type FakeSurroundings } from '../support/fake-io.js';
import { WatchedDirector } from '../support/watched-director.js';

const web = serviceAt('192.0.2.10', 80);
const other = serviceAt('192.0.2.99', 25);
const name = (host: number): string => `tcp:192.0.2.10:80/10.0.1.${host}:80`;
const mail = 'tcp:192.0.2.99:25/10.0.1.1:25';

const servers = (weight: number): string =>
  [1, 2, 3]
    .map((host) => `      - { address: 10.0.1.${host}, port: 80, forwarding: masquerading, weight: ${weight} }`)
    .join('\n');
const documentOf = (weight: number): string => `
services:
  - address: 192.0.2.10
    port: 80
    check: { type: tcp }
    servers:
${servers(weight)}
`;

let director: WatchedDirector;

beforeEach(async () => {
  const server = (address: string, port: number, weight: number) =>
    realServer({ address, port, weight, forwarding: 'masquerading' });
  director = new WatchedDirector({
    services: [
      { service: virtualService(web), servers: [1, 2, 3].map((host) => server(`10.0.1.${host}`, 80, 10)) },
      { service: virtualService(other), servers: [server('10.0.1.1', 25, 5), server('10.0.1.4', 25, 5)] },
    ],
  });
  await director.begin(documentOf(10));
  await director.seconds(10);
});

afterEach(async () => {
  await director.stop();
});

/** Runs a command beside the daemon. */
async function run(
  line: string,
  surroundings: FakeSurroundings = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const { kernel, state, control } = director;
  const socket = kernelSocket(kernel);
  const io = new FakeIo({ sockets: [socket], state, control, ...surroundings });
  const status = main(line.split(' '), io);
  const ended = new AbortController();
  void status.finally(() => {
    ended.abort();
  });
  while (!ended.signal.aborted) await director.clock.rest();
  return { status: await status, stdout: io.stdout.text, stderr: io.stderr.text };
}

const weights = (): Record<string, number> => ({ ...director.weights });
const all = { [name(1)]: 10, [name(2)]: 10, [name(3)]: 10, [mail]: 5, 'tcp:192.0.2.99:25/10.0.1.4:25': 5 };

describe('drain and undrain', () => {
  test('take out a host where a daemon keeps it and where nobody does, and put it back', async () => {
    const { status, stderr } = await run('drain 10.0.1.1 --no-wait --reason kernel');
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(weights(), { ...all, [name(1)]: 0, [mail]: 0 });
    await director.seconds(60);
    assert.deepEqual(weights(), { ...all, [name(1)]: 0, [mail]: 0 });
    assert.equal((await director.server('10.0.1.1:80'))?.drained?.reason, 'kernel');
    assert.match((await run('status')).stdout, /drained by alice: kernel/);
    assert.equal((await run('undrain --all')).status, 0);
    assert.deepEqual(weights(), all);
  });

  test('show what a daemon would do, and do nothing', async () => {
    const { status, stdout } = await run('drain 10.0.1.1 --dry-run');
    assert.equal(status, 0);
    assert.match(stdout, /10\.0\.1\.1:80.*weight 10 -> 0/);
    assert.match(stdout, /by the daemon web, which keeps web\.yaml/);
    assert.deepEqual(weights(), all);
  });

  test('change nothing anywhere where the daemon refuses its part', async () => {
    const { status, stderr } = await run('drain 10.0.1.1 10.0.1.2 10.0.1.3 --no-wait');
    assert.notEqual(status, 0);
    assert.match(stderr, /no server of weight above 0 would be left in tcp:192\.0\.2\.10:80; --force/);
    assert.deepEqual(weights(), all);
    assert.equal((await run('drain 10.0.1.1 10.0.1.2 10.0.1.3 --no-wait --force')).status, 0);
    assert.deepEqual(weights(), { ...all, [name(1)]: 0, [name(2)]: 0, [name(3)]: 0, [mail]: 0 });
  });

  test('a server that is down when it is put back waits for its checks', async () => {
    await run('drain 10.0.1.2 --no-wait');
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    assert.equal((await run('undrain 10.0.1.2')).status, 0);
    assert.deepEqual(weights(), { ...all, [name(2)]: 0 });
    director.hosts.set('10.0.1.2', 'well');
    await director.seconds(8);
    assert.deepEqual(weights(), all);
  });

  test('--remove takes it out of the table, and undrain brings it back', async () => {
    assert.equal((await run('drain 10.0.1.2 --remove')).status, 0);
    const { [name(2)]: gone, ...left } = all;
    assert.equal(gone, 10);
    assert.deepEqual(weights(), left);
    await director.seconds(30);
    assert.deepEqual(weights(), left);
    assert.equal((await run('undrain 10.0.1.2')).status, 0);
    assert.deepEqual(weights(), all);
  });

  test('what another verb does meanwhile does not make them forget a server that is out of the table', async () => {
    assert.equal((await run('drain 10.0.1.2 --remove')).status, 0);
    assert.equal((await run('drain 10.0.1.4 --no-wait')).status, 0);
    assert.equal((await run('undrain --all')).status, 0);
    assert.deepEqual(weights(), all);
  });

  test('what was drained before the daemon is drained still', async () => {
    await director.stop();
    assert.equal((await run('drain 10.0.1.2 --no-wait')).status, 0);
    await director.begin(documentOf(10));
    await director.seconds(30);
    assert.deepEqual(weights(), { ...all, [name(2)]: 0 });
    await director.stop();
    assert.equal((await run('undrain 10.0.1.2')).status, 0);
    assert.deepEqual(weights(), all);
    await director.begin(documentOf(10));
    await director.seconds(30);
    assert.deepEqual(weights(), all);
  });
});

describe('set', () => {
  test('gives servers a weight of its own until the document has another one', async () => {
    assert.equal((await run('set 10.0.1.1 --weight 3')).status, 0);
    assert.deepEqual(weights(), { ...all, [name(1)]: 3, [mail]: 3 });
    await director.seconds(30);
    assert.equal(director.weights[name(1)], 3);
    await run('set 10.0.1.1:80 --weight 10');
    assert.equal((await director.server('10.0.1.1:80'))?.ownWeight, null);
  });

  test("of a service that nobody keeps is none of the daemon's business, whatever it has taken out", async () => {
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    const { status, stderr } = await run('set tcp:192.0.2.99:25/10.0.1.4:25 --weight 7');
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(weights(), { ...all, [name(2)]: 0, 'tcp:192.0.2.99:25/10.0.1.4:25': 7 });
  });

  test('shows each change once', async () => {
    const { stdout } = await run('set 10.0.1.1 --weight 3');
    assert.equal(stdout.match(/weight 10 -> 3/g)?.length, 1);
    assert.equal(stdout.match(/weight 5 -> 3/g)?.length, 1);
  });

  test('changes nothing else of what a daemon keeps', async () => {
    const { status, stderr } = await run('set tcp:192.0.2.10:80 --scheduler rr');
    assert.notEqual(status, 0);
    assert.match(stderr, /tcp:192\.0\.2\.10:80 is kept by ipvsadm run \(web, process \d+\): change web\.yaml/);
  });
});

describe('those that change the whole table', () => {
  test('apply leaves kept services alone, and makes the others', async () => {
    const wanted = `${documentOf(7)}  - { address: 192.0.2.98, port: 25, servers: [] }\n`;
    const { status, stderr } = await run('apply -', { stdin: pieces([Buffer.from(wanted)]) });
    assert.equal(status, 0);
    assert.match(stderr, /kept by ipvsadm run, left alone: tcp:192\.0\.2\.10:80\n/);
    assert.equal(director.weights[name(1)], 10);
    assert.equal(director.kernel.table.services.length, 2);
  });

  test('diff knows what is owed to health', async () => {
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    await run('drain 10.0.1.3:80 --no-wait');
    const text = `${documentOf(10)}  - address: 192.0.2.99\n    port: 25\n    servers:\n${[1, 4].map((host) => `      - { address: 10.0.1.${host}, port: 25, forwarding: masquerading, weight: 5 }\n`).join('')}`;
    const same = await run('diff -', { stdin: pieces([Buffer.from(text)]) });
    assert.deepEqual([same.status, same.stdout], [0, '']);
    assert.match(same.stderr, /2 servers are not as in a document because of health or drains/);
    const other = await run('diff -', { stdin: pieces([Buffer.from(text.replaceAll('weight: 10', 'weight: 11'))]) });
    assert.equal(other.status, 1);
  });

  test('a classic command works as always, and is warned of the daemon', async () => {
    const { status, stdout, stderr } = await run('-e -t 192.0.2.10:80 -r 10.0.1.1:80 -m -w 3');
    assert.deepEqual([status, stdout], [0, '']);
    assert.match(stderr, /tcp:192\.0\.2\.10:80 is kept by ipvsadm run \(web\), which puts that right/);
    assert.equal((await run('-e -t 192.0.2.99:25 -r 10.0.1.1:25 -m -w 3')).stderr, '');
    await director.seconds(20);
    assert.deepEqual(weights(), { ...all, [mail]: 3 });
  });
});

describe('what is shown', () => {
  test('status says why a server has no weight, and which are out of the table', async () => {
    director.hosts.set('10.0.1.2', 'says no');
    await director.seconds(10);
    const { stdout } = await run('status');
    assert.match(stdout, /10\.0\.1\.2:80.*down: HTTP 503/);
    const { services } = JSON.parse((await run('status --json')).stdout) as {
      services: { servers: { address: string; health?: { state: string } }[] }[];
    };
    const found = services.flatMap((service) => service.servers).find(({ address }) => address === '10.0.1.2');
    assert.equal(found?.health?.state, 'down');
  });

  test('checks shows every server, its state and why; the exit status says whether all are up', async () => {
    assert.equal((await run('checks')).status, 0);
    director.hosts.set('10.0.1.2', 'says no');
    await director.seconds(10);
    const { status, stdout } = await run('checks');
    assert.equal(status, 1);
    assert.match(stdout, /tcp:192\.0\.2\.10:80 │ 2 of 3 healthy/);
    assert.match(stdout, /10\.0\.1\.2:80 +│ down +│ .*│ +0 of 10 │ tcp +│ HTTP 503/);
    const one = await run('checks --json 10.0.1.2');
    const { daemons } = JSON.parse(one.stdout) as { daemons: { services: { servers: { server: string }[] }[] }[] };
    assert.deepEqual(
      daemons[0]?.services.flatMap(({ servers: found }) => found.map(({ server }) => server)),
      [name(2)],
    );
  });

  test('reload says what is wrong with a document', async () => {
    director.document = documentOf(10).replace('type: tcp', 'type: top');
    const bad = await run('reload');
    assert.notEqual(bad.status, 0);
    assert.match(bad.stderr, /web\.yaml:5/);
    director.document = documentOf(8);
    const good = await run('reload');
    assert.deepEqual([good.status, good.stdout], [0, 'web took web.yaml\n']);
    assert.equal(director.weights[name(1)], 8);
  });

  test('without a daemon that is said', async () => {
    await director.stop();
    const { status, stderr } = await run('checks');
    // 1 stands for a server that is down.
    assert.deepEqual([status, stderr], [2, 'ipvsadm: no daemon runs\n']);
    assert.match((await run('reload')).stderr, /no daemon runs/);
    await director.begin(documentOf(10));
  });
});
