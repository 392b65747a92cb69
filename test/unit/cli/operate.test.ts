import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { topActions } from '../../../src/cli/top-actions.js';
import type { TopActions } from '../../../src/cli/top-keys.js';
import { IpvsClient } from '../../../src/client/client.js';
import { IpvsError } from '../../../src/errors.js';
import { realServer, serviceAt, serviceMarked, syncDaemon, virtualService } from '../../../src/model/build.js';
import { serverName } from '../../../src/model/entity-name.js';
import type { RealServer } from '../../../src/model/server.js';
import type { Table } from '../../../src/model/table.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { main } from '../../main.js';
import { kernelSocket } from '../support/kernel-socket.js';
import { FakeIo, MemoryState, type FakeSurroundings } from '../support/fake-io.js';

const web = serviceAt('192.0.2.10', 80);
const dns = serviceAt('192.0.2.10', 53, 'udp');
const mark = serviceMarked(7);

const server = (address: string, port: number, weight: number): RealServer =>
  realServer({ address, port, weight, forwarding: 'masquerading', upperThreshold: 100, lowerThreshold: 50 });

const table: Table = {
  services: [
    {
      service: virtualService(web),
      servers: [server('10.0.1.2', 8080, 10), server('10.0.1.3', 8080, 20), server('10.0.1.10', 8080, 0)],
    },
    {
      service: virtualService(dns, { scheduler: 'wrr' }),
      servers: [server('10.0.1.2', 53, 4), server('10.0.1.3', 53, 4)],
    },
    {
      service: virtualService(mark, { persistenceTimeout: 300 }),
      servers: [server('10.0.1.2', 0, 1), server('10.0.1.4', 0, 1)],
    },
  ],
  timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
  syncDaemons: [],
};

/** A director that runs commands one after the other, with what these leave. */
class Director {
  readonly kernel = new FakeKernel(table);
  readonly state = new MemoryState();

  async run(
    words: string | readonly string[],
    surroundings: FakeSurroundings = {},
  ): Promise<{ status: number; stdout: string; stderr: string; io: FakeIo }> {
    const { kernel } = this;
    const socket = kernelSocket(kernel);
    const io = new FakeIo({ sockets: [socket], state: this.state, ...surroundings });
    const status = await main(typeof words === 'string' ? words.split(' ') : words, io);
    return { status, stdout: io.stdout.text, stderr: io.stderr.text, io };
  }

  /** Weights by the names of servers. */
  get weights(): Record<string, number> {
    return Object.fromEntries(
      this.kernel.table.services.flatMap(({ service, servers }) =>
        servers.map((one) => [serverName(service.key, one), one.weight]),
      ),
    );
  }
}

const before = new Director().weights;
const of = (changes: Record<string, number>): Record<string, number> => ({ ...before, ...changes });
const web2 = 'tcp:192.0.2.10:80/10.0.1.2:8080';
const web3 = 'tcp:192.0.2.10:80/10.0.1.3:8080';
const web10 = 'tcp:192.0.2.10:80/10.0.1.10:8080';
const dns2 = 'udp:192.0.2.10:53/10.0.1.2:53';
const dns3 = 'udp:192.0.2.10:53/10.0.1.3:53';
const mark2 = 'fwmark:7/10.0.1.2:0';
const mark4 = 'fwmark:7/10.0.1.4:0';

describe('set', () => {
  const good: readonly (readonly [line: string, weights: Record<string, number>])[] = [
    ['set 10.0.1.2 --weight 30', { [web2]: 30, [dns2]: 30, [mark2]: 30 }],
    ['set 10.0.1.2:53 --weight 30', { [dns2]: 30 }],
    [`set ${web3} ${mark4} --weight 30`, { [web3]: 30, [mark4]: 30 }],
    ['set 10.0.1.0/30 --weight 5', { [web2]: 5, [web3]: 5, [dns2]: 5, [dns3]: 5, [mark2]: 5 }],
    [`set ${web2} ${web3} --weight +10%`, { [web2]: 11, [web3]: 22 }],
    ['set 10.0.1.2 --weight -50%', { [web2]: 5, [dns2]: 2 }],
    ['set web2 --weight 9', { [web2]: 9, [dns2]: 9, [mark2]: 9 }],
    ['set 10.0.1.2 --weight 0', { [web2]: 0, [dns2]: 0, [mark2]: 0 }],
    ['set 10.0.1.2:53 10.0.1.3:53 --weight 0 --force', { [dns2]: 0, [dns3]: 0 }],
    ['set 10.0.1.2 --weight 30 --dry-run', {}],
  ];
  const names = {
    hostAddresses: (name: string) => Promise.resolve(name === 'web2' ? ['10.0.1.2'] : []),
    hostName: () => Promise.resolve(undefined),
    servicePort: () => undefined,
    serviceName: () => undefined,
  };
  for (const [line, changes] of good) {
    test(`${line} changes what is named and nothing else`, async () => {
      const director = new Director();
      const { status, stderr } = await director.run(line, { names });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      assert.deepEqual(director.weights, of(changes));
      const [first] = director.kernel.table.services[0]?.servers ?? [];
      assert.deepEqual([first?.upperThreshold, first?.lowerThreshold, first?.forwarding], [100, 50, 'masquerading']);
    });
  }

  test('reads names from the standard input', async () => {
    const director = new Director();
    await director.run('set - --weight 3', { stdin: '10.0.1.4\n10.0.1.10:8080\n' });
    assert.deepEqual(director.weights, of({ [mark4]: 3, [web10]: 3 }));
  });

  test('changes a service, and leaves its servers', async () => {
    const director = new Director();
    const { stdout } = await director.run(
      'set tcp:192.0.2.10:80 fwmark:7 --scheduler sh --scheduler-flags sh-port --persistence off',
    );
    assert.match(stdout, /scheduler wlc -> sh, flags none -> flag-2, persistence 300 -> none/);
    const services = director.kernel.table.services.map(({ service }) => service);
    assert.deepEqual(
      services.map(({ scheduler }) => scheduler),
      ['sh', 'wrr', 'sh'],
    );
    assert.deepEqual(services[2]?.persistenceTimeout, undefined);
    assert.deepEqual(director.weights, before);
  });

  const wrong: readonly (readonly [line: string, message: RegExp])[] = [
    ['set 10.0.1.2', /nothing to set/],
    ['set --weight 1', /name is missing/],
    ['set 10.0.1.9 --weight 1', /10\.0\.1\.9: no server matches/],
    ['set tcp:192.0.2.11:80/10.0.1.2 --weight 1', /tcp:192\.0\.2\.11:80: there is no such service/],
    ['set tcp:192.0.2.10:80 --weight 1', /weight is a setting of servers/],
    ['set 10.0.1.2 --scheduler rr', /scheduler is a setting of services/],
    ['set 10.0.1.2 --weight 2147483648', /a weight is a number from 0 to 2147483647/],
    ['set 10.0.1.2 --weight -101%', /a weight is a number/],
    ['set 10.0.1.2 --lower 200', /the lower threshold, 200, is above the upper one, 100/],
    [
      'set 10.0.1.2 10.0.1.3 --weight 0',
      /no server of weight above 0 would be left in tcp:192\.0\.2\.10:80, udp:192\.0\.2\.10:53; --force/,
    ],
    ['set nosuch.example --weight 1', /nosuch\.example: no address is known/],
    ['set tcp:192.0.2.10:80 --scheduler rr --scheduler-flags sh-port', /sh-port is a flag of another scheduler/],
    ['set 10.0.1.2 --forwarding magic', /--forwarding takes one of/],
    ['set tcp:192.0.2.10:80 --engine sip', /tcp:192\.0\.2\.10:80 is not persistent: give --persistence, too/],
  ];
  for (const [line, message] of wrong) {
    test(`${line} is refused, and changes nothing`, async () => {
      const director = new Director();
      const { status, stderr } = await director.run(line);
      assert.match(stderr, message);
      assert.equal(status, 2);
      assert.deepEqual(director.kernel.changes, []);
    });
  }

  test('is done as a whole or not at all', async () => {
    const director = new Director();
    director.kernel.onChange = (change) =>
      change.kind === 'edit-server' && change.server.address === '10.0.1.4' && change.server.weight === 6
        ? 'EINVAL'
        : undefined;
    const { status, stderr } = await director.run('set 10.0.1.2 10.0.1.4 --weight 6');
    assert.equal(status, 1);
    assert.match(stderr, /everything was undone/);
    assert.deepEqual(director.weights, before);
  });
});

describe('drain and undrain', () => {
  test('a host is drained in all services and gets its weights back', async () => {
    const director = new Director();
    const drained = await director.run(['drain', '10.0.1.2', '--reason', 'kernel \x1b[31mupdate']);
    assert.equal(drained.status, 0);
    assert.deepEqual(director.weights, of({ [web2]: 0, [dns2]: 0, [mark2]: 0 }));
    assert.match(drained.stderr, /fwmark:7 is persistent: clients that are bound to a drained server come back/);
    const status = await director.run('status');
    assert.match(status.stdout, /drained by alice: kernel \?\[31mupdate/);
    const json = JSON.parse((await director.run('status --json')).stdout) as {
      services: { servers: { drained?: unknown }[] }[];
    };
    assert.deepEqual(
      json.services.flatMap(({ servers }) => servers).filter((one) => one.drained !== undefined).length,
      3,
    );
    const back = await director.run('undrain 10.0.1.2');
    assert.deepEqual({ status: back.status, stderr: back.stderr }, { status: 0, stderr: '' });
    assert.deepEqual(director.weights, before);
    assert.equal(director.state.read('drained.json'), undefined);
  });

  test('a server that was drained twice, or had weight 0 before, keeps its weight of before', async () => {
    const director = new Director();
    await director.run(`drain ${web2} ${web10} --no-wait`);
    await director.run(`drain ${web2} --no-wait`);
    assert.equal((await director.run('undrain --all')).status, 0);
    assert.deepEqual(director.weights, before);
    const { status, stderr } = await director.run(`undrain ${web10}`);
    assert.equal(status, 2);
    assert.match(
      stderr,
      /the weight that tcp:192\.0\.2\.10:80\/10\.0\.1\.10:8080 had is not known: give one with --weight/,
    );
    await director.run(`undrain ${web10} --weight 7`);
    assert.deepEqual(director.weights, of({ [web10]: 7 }));
  });

  test('every second host is taken, then the others', async () => {
    const director = new Director();
    const first = await director.run('drain --dry-run --batch 1/2 --service tcp:192.0.2.10:80 --format name');
    const second = await director.run('drain --dry-run --batch 2/2 --service tcp:192.0.2.10:80 --format name');
    assert.deepEqual([first.stdout, second.stdout], ['10.0.1.2\n', '10.0.1.3\n']);
    assert.deepEqual(director.kernel.changes, []);
    assert.deepEqual(director.state.list(''), []);
  });

  test('a service is never left without a server, unless that is forced', async () => {
    const director = new Director();
    const { status, stderr } = await director.run('drain 10.0.1.2 10.0.1.3 --no-wait');
    assert.equal(status, 2);
    assert.match(
      stderr,
      /no server of weight above 0 would be left in tcp:192\.0\.2\.10:80, udp:192\.0\.2\.10:53; --force/,
    );
    assert.deepEqual(director.kernel.changes, []);
    assert.equal((await director.run('drain 10.0.1.2 10.0.1.3 --no-wait --force')).status, 0);
    assert.deepEqual(director.weights, of({ [web2]: 0, [web3]: 0, [dns2]: 0, [dns3]: 0, [mark2]: 0 }));
  });

  test('waits for connections that are open, of UDP all, and says who is left when the time is over', async () => {
    const director = new Director();
    director.kernel.report(web, server('10.0.1.3', 8080, 0), { activeConnections: 0, inactiveConnections: 5 });
    director.kernel.report(dns, server('10.0.1.3', 53, 0), { activeConnections: 0, inactiveConnections: 2 });
    const { status, stderr } = await director.run('drain 10.0.1.3 --timeout 3');
    assert.equal(status, 1);
    assert.match(stderr, /10\.0\.1\.3:53 of UDP 192\.0\.2\.10:53 still has 2 active connections\n/);
    assert.match(stderr, /not empty after 3 s: the servers stay at weight 0; undrain puts them back/);
    assert.doesNotMatch(stderr, /10\.0\.1\.3:8080 of TCP/);
    director.kernel.report(dns, server('10.0.1.3', 53, 0), { inactiveConnections: 0 });
    const again = await director.run('drain 10.0.1.3 --remove');
    assert.equal(again.status, 0);
    assert.equal(director.weights[web3], undefined);
    assert.equal(director.weights[dns3], undefined);
    assert.equal(director.state.read('drained.json'), undefined);
  });

  test('the rules that do the same are shown', async () => {
    const director = new Director();
    const { stdout } = await director.run(`drain --dry-run --format rules ${web2}`);
    assert.equal(stdout, '-e -t 192.0.2.10:80 -r 10.0.1.2:8080 -m -w 0 -x 100 -y 50\n');
    const { stdout: shown } = await director.run(`drain --dry-run ${web3}`);
    assert.match(shown, /weight 20 -> 0/);
    assert.match(shown, /tcp:192\.0\.2\.10:80: 1 of 3 servers stay, 33 % of the weight\n/);
  });

  test('keepalived is warned of', async () => {
    const { stderr } = await new Director().run(`drain ${web2} --no-wait`, {
      machine: { running: () => ['keepalived'] },
    });
    assert.match(stderr, /keepalived runs: if it manages these services, it may set their weights again/);
  });

  const hashing: readonly (readonly [scheduler: string, help: string])[] = [
    ['sh', ' (with the flag sh-fallback they go elsewhere)'],
    ['mh', ' (with the flag mh-fallback they go elsewhere)'],
    ['dh', ''],
  ];
  for (const [scheduler, help] of hashing) {
    test(`the scheduler ${scheduler}, which refuses clients of a drained server, is warned of`, async () => {
      const director = new Director();
      await director.run(`set tcp:192.0.2.10:80 --scheduler ${scheduler}`);
      const who = scheduler === 'dh' ? 'connections' : 'clients';
      const { stderr } = await director.run(`drain ${web2} --no-wait`);
      assert.equal(
        stderr,
        `ipvsadm: tcp:192.0.2.10:80 has scheduler ${scheduler}: new ${who} that hash to a drained server are refused${help}\n`,
      );
      if (help === '') return;
      await director.run(`set tcp:192.0.2.10:80 --scheduler-flags ${scheduler}-fallback`);
      assert.equal((await director.run(`drain ${web2} --no-wait`)).stderr, '');
    });
  }

  test('a ramp raises weights in steps', async () => {
    const director = new Director();
    await director.run('drain 10.0.1.3 --no-wait');
    const seen: number[] = [];
    director.kernel.onChange = (change) => {
      if (change.kind === 'edit-server' && change.server.port === 8080) seen.push(change.server.weight);
      return undefined;
    };
    const { status, io } = await director.run('undrain 10.0.1.3 --ramp 5');
    assert.equal(status, 0);
    assert.deepEqual(seen, [4, 8, 12, 16, 20]);
    assert.equal(io.now, 4000);
    assert.deepEqual(director.weights, before);
  });

  test('a ramp leaves alone what somebody else changes meanwhile', async () => {
    const director = new Director();
    await director.run(`drain ${web3} ${dns3} --no-wait`);
    const { status, stderr } = await director.run('undrain --all --ramp 4', {
      onSleep: (sleeps) => {
        if (sleeps !== 2) return;
        director.kernel.change({ kind: 'edit-server', key: web, server: { ...server('10.0.1.3', 8080, 0) } });
      },
    });
    assert.equal(status, 0);
    assert.match(stderr, /tcp:192\.0\.2\.10:80\/10\.0\.1\.3:8080 was given weight 0 by another process: left alone/);
    assert.deepEqual(director.weights, of({ [web3]: 0 }));
  });

  test('a ramp that is ended goes on, or back, with the weight of before', async () => {
    const director = new Director();
    await director.run(`drain ${web3} --no-wait`);
    const ended = await director.run(`undrain ${web3} --ramp 5`, {
      onSleep: (sleeps, io) => {
        if (sleeps === 2) for (const listener of io.signalListeners) listener('SIGHUP');
      },
    });
    assert.equal(ended.status, 129);
    assert.match(ended.stderr, /10\.0\.1\.3:8080 has weight 8 of 20\n.*undrain goes on with it/);
    assert.deepEqual(director.weights, of({ [web3]: 8 }));
    // Taken out again, it has not forgotten.
    await director.run(`drain ${web3} --no-wait`);
    assert.deepEqual(director.weights, of({ [web3]: 0 }));
    await director.run(`undrain ${web3}`);
    assert.deepEqual(director.weights, before);
  });

  test('a server that somebody puts back meanwhile is not drained', async () => {
    const director = new Director();
    director.kernel.report(web, server('10.0.1.3', 8080, 0), { activeConnections: 3 });
    const { status, stderr } = await director.run(`drain ${web3}`, {
      onSleep: () => {
        director.kernel.change({ kind: 'edit-server', key: web, server: server('10.0.1.3', 8080, 20) });
      },
    });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /put back by another process meanwhile, not drained: 10\.0\.1\.3:8080 of TCP 192\.0\.2\.10:80/,
    );
  });

  test('all that were drained are those, whatever the weight', async () => {
    const director = new Director();
    await director.run(`drain ${web3} --no-wait`);
    await director.run('undrain --all --weight 9');
    assert.deepEqual(director.weights, of({ [web3]: 9 }));
  });

  test('what was put back by another verb is drained no more', async () => {
    const director = new Director();
    await director.run(`drain ${web3} --no-wait --reason 'kernel'`);
    await director.run(`set ${web3} --weight 5`);
    assert.equal(director.state.read('drained.json'), undefined);
    director.kernel.change({ kind: 'edit-server', key: web, server: server('10.0.1.3', 8080, 0) });
    assert.doesNotMatch((await director.run('status')).stdout, /drained/);
  });

  test('a record that is stale or broken harms nothing', async () => {
    const director = new Director();
    director.state.write(
      'drained.json',
      JSON.stringify({
        servers: [
          { name: web3, weight: 99, by: 'bob', at: 'x' },
          { name: 'tcp:192.0.2.99:80/10.0.0.1:80', weight: 9, by: 'bob', at: 'x' },
          { name: 'nonsense', weight: 9, by: 'bob', at: 'x' },
          7,
        ],
      }),
      0o644,
    );
    assert.doesNotMatch((await director.run('status')).stdout, /drained/);
    assert.equal((await director.run('undrain --all')).status, 0);
    assert.deepEqual(director.weights, before);
    director.state.write('drained.json', '{"servers": [', 0o644);
    assert.equal((await director.run('status')).status, 0);
    assert.equal((await director.run(`drain ${web2} --no-wait`)).status, 0);
  });

  const wrong: readonly (readonly [line: string, message: RegExp])[] = [
    ['drain', /which servers\?/],
    ['drain 10.0.1.99', /10\.0\.1\.99: no server matches/],
    ['drain --batch 3/2', /--batch takes a part such as 1\/2/],
    ['drain 10.0.1.2 --service tcp:192.0.2.99:80', /there is no such service/],
    ['undrain', /which servers\?/],
    ['undrain 10.0.1.2 --weight 0', /--weight takes a number from 1/],
  ];
  for (const [line, message] of wrong) {
    test(`${line} is refused`, async () => {
      const { status, stderr } = await new Director().run(line);
      assert.match(stderr, message);
      assert.equal(status, 2);
    });
  }

  test('what is not there is no failure where that is said', async () => {
    assert.equal((await new Director().run('drain 10.0.1.99 --if-present')).status, 0);
  });
});

describe('the keys of top', () => {
  async function withActions(
    run: (actions: TopActions, director: Director, io: FakeIo) => Promise<void>,
  ): Promise<void> {
    const director = new Director();
    const io = new FakeIo({ state: director.state });
    await run(topActions({ io, client: await IpvsClient.connect(director.kernel) }), director, io);
    assert.deepEqual([io.stdout.text, io.stderr.text, io.locksHeld], ['', '', 0]);
  }

  test('drain a host in all services, undo that, and set a weight', async () => {
    await withActions(async ({ drain, undrain, setWeight }, director) => {
      const host = { service: undefined, family: 'inet', address: '10.0.1.2', port: undefined } as const;
      assert.equal(await drain(host), 'drain 10.0.1.2: 3 services');
      assert.deepEqual(director.weights, of({ [web2]: 0, [dns2]: 0, [mark2]: 0 }));
      assert.equal(await undrain(host), 'undrain 10.0.1.2: 3 services');
      assert.deepEqual(director.weights, before);
      assert.equal(await setWeight({ ...host, service: web, port: 8080 }, 7), `set ${web2}: 1 service`);
      assert.deepEqual(director.weights, of({ [web2]: 7 }));
    });
  });

  test('reject what would leave a service without a server, and what the kernel refuses', async () => {
    await withActions(async ({ drain, setWeight }, director) => {
      const last = { service: dns, family: 'inet', address: '10.0.1.2', port: 53 } as const;
      await drain({ ...last, address: '10.0.1.3' });
      await assert.rejects(drain(last), /no server of weight above 0 would be left in udp:192\.0\.2\.10:53/);
      director.kernel.onChange = () => 'EINVAL';
      await assert.rejects(
        setWeight(last, 9),
        (error) => error instanceof IpvsError && /Invalid argument|undone/.test(error.message),
      );
    });
  });
});

describe('ensure and absent', () => {
  test('what is there already is no failure, and gets the settings of the rule', async () => {
    const director = new Director();
    assert.equal((await director.run('ensure -A -t 192.0.2.10:80 -s wlc')).status, 0);
    assert.deepEqual(director.kernel.changes, []);
    assert.equal((await director.run('ensure -a -t 192.0.2.10:80 -r 10.0.1.2:8080 -m -w 6')).status, 0);
    assert.equal((await director.run('ensure -a -t 192.0.2.10:80 -r 10.0.1.77:8080 -m -w 6')).status, 0);
    assert.deepEqual(
      director.kernel.changes.map(({ kind }) => kind),
      ['edit-server', 'add-server'],
    );
  });

  test('what is gone already is no failure', async () => {
    const director = new Director();
    assert.equal((await director.run('absent -d -t 192.0.2.10:80 -r 10.0.1.77:8080')).status, 0);
    assert.equal((await director.run('absent -D -t 192.0.2.77:80')).status, 0);
    assert.deepEqual(director.kernel.changes, []);
    assert.equal((await director.run('absent -D -f 7')).status, 0);
    assert.deepEqual(
      director.kernel.changes.map(({ kind }) => kind),
      ['delete-service'],
    );
  });

  test('rules of the standard input hold all or none', async () => {
    const director = new Director();
    const rules = '-A -t 192.0.2.20:80\n-a -t 192.0.2.20:80 -r 10.0.1.5:80 -m\n\n# comment\n';
    assert.equal((await director.run('ensure --dry-run -', { stdin: rules })).status, 0);
    assert.deepEqual(director.kernel.changes, []);
    assert.equal((await director.run('ensure -', { stdin: rules })).status, 0);
    assert.equal(director.kernel.changes.length, 2);
    const { status, stderr } = await director.run('ensure -', {
      stdin: `${rules}-a -t 192.0.2.21:80 -r 10.0.1.5:80 -m\n`,
    });
    assert.equal(status, 2);
    assert.match(stderr, /there is no service TCP 192\.0\.2\.21:80; ensure it first/);
  });

  const wrong: readonly (readonly [line: string, message: RegExp])[] = [
    ['ensure', /rule is missing/],
    ['ensure -D -f 7', /expected -A or -a/],
    ['ensure nonsense', /expected -A or -a/],
    ['ensure -A -t 192.0.2.10:99999', /illegal virtual server address|service/],
    ['absent -A -f 7', /expected -D or -d/],
  ];
  for (const [line, message] of wrong) {
    test(`${line} is refused`, async () => {
      const { status, stderr } = await new Director().run(line);
      assert.match(stderr, message);
      assert.equal(status, 2);
    });
  }
});

describe('undo', () => {
  test('-C is undone, and undone again', async () => {
    const director = new Director();
    const { stdout: rules } = await director.run('export --format rules');
    assert.equal((await director.run('-C')).status, 0);
    assert.deepEqual(director.weights, {});
    assert.match(
      (await director.run('undo --list')).stdout,
      /^1 {2}before ipvsadm -C by alice, 2026-01-02T03:04:05\.000Z\n$/,
    );
    assert.equal((await director.run('undo --dry-run')).status, 0);
    assert.deepEqual(director.weights, {});
    assert.equal((await director.run('undo')).status, 0);
    assert.equal((await director.run('export --format rules')).stdout, rules);
  });

  test('what no rule can say is put back, too, whoever had set it', async () => {
    const director = new Director();
    const strange: readonly Partial<RealServer>[] = [
      { forwarding: 'local' },
      { forwarding: 'bypass' },
      { forwarding: 'direct-routing', port: 81 },
      { forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'csum+remcsum' } },
      { upperThreshold: 3_000_000_000, lowerThreshold: 4_000_000_000 },
    ];
    for (const [index, settings] of strange.entries()) {
      const added = { ...server(`10.0.3.${index + 1}`, 8080, 5), ...settings };
      director.kernel.change({ kind: 'add-server', key: web, server: added });
    }
    const { table: full } = director.kernel;
    await director.run('-C');
    const { status, stderr } = await director.run('undo');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(director.kernel.table, full);
  });

  test('a table without sync daemons is put back without them', async () => {
    const director = new Director();
    await director.run(`set ${web2} --weight 3`);
    const daemon = syncDaemon('master', 'eth0');
    director.kernel.change({ kind: 'start-daemon', daemon });
    assert.equal((await director.run('undo')).status, 0);
    assert.deepEqual(director.kernel.table.syncDaemons, []);
    assert.equal((await director.run('undo')).status, 0);
    assert.equal(director.kernel.table.syncDaemons.length, 1);
  });

  const recorded: readonly string[] = ['-C', `set ${web2} --weight 3`, `drain ${web2} --no-wait`, 'absent -D -f 7'];
  for (const line of recorded) {
    test(`${line} leaves the table of before, unless that is switched off`, async () => {
      const director = new Director();
      await director.run(line);
      assert.equal(director.state.list('previous-').length, 1);
      const off = new Director();
      const io = { env: { IPVSADM_NO_UNDO: '1' } };
      await off.run(line, io);
      assert.equal(off.state.list('previous-').length, 0);
    });
  }

  test('a dump that empties the table first is recorded, one that adds is not', async () => {
    const director = new Director();
    await director.run('-R', { stdin: '-A -t 192.0.2.30:80\n' });
    assert.equal(director.state.list('previous-').length, 0);
    await director.run('-R', { stdin: '-C\n-A -t 192.0.2.30:80\n' });
    assert.equal(director.state.list('previous-').length, 1);
  });

  test('a few tables are kept, the last ones', async () => {
    const director = new Director();
    for (let weight = 1; weight <= 8; weight++) {
      // Each a second older than before: the fake clock stands still.
      for (const [name, file] of [...director.state.files]) {
        director.state.files.delete(name);
        const older = name.replace(/(\d{9})Z/, (_, time: string) => `${String(Number(time) - 1000).padStart(9, '0')}Z`);
        director.state.files.set(older, file);
      }
      await director.run(`set ${web2} --weight ${weight}`);
    }
    assert.equal(director.state.list('previous-').length, 5);
    assert.equal((await director.run('undo --list')).stdout.split('\n').length, 6);
    assert.match((await director.run('undo 9')).stderr, /there is no such table/);
  });

  test('says that there is nothing', async () => {
    const { status, stderr } = await new Director().run('undo');
    assert.equal(status, 2);
    assert.match(stderr, /nothing to undo/);
  });
});
