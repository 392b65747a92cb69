import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { IpvsClient } from '../../../src/client/client.js';
import type { Transport } from '../../../src/ports/transport.js';
import {
  DecodeError,
  IpvsError,
  KernelError,
  TransportError,
  UnavailableError,
  ValueError,
} from '../../../src/errors.js';
import type { Change } from '../../../src/model/change.js';
import type { ServiceKey } from '../../../src/model/service.js';
import { bytesOf } from '../support/hexadecimal.js';
import {
  attribute,
  dataMessage,
  doneMessage,
  resultMessage,
  withSequence,
  type RequestBytes,
} from '../support/netlink-bytes.js';
import {
  acknowledged,
  captured,
  carriedOut,
  kernelWithIpvs,
  lastOf,
  opening,
  PromptKernel,
  refusing,
  ScriptedKernel,
  type Answer,
} from '../support/scripted-kernel.js';
import { captures } from '../wire/captures.js';

const listing = 'ipvsadm -L -n --stats --exact';
const web: ServiceKey = { family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 };

function deletions(count: number): Change[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'delete-service',
    key: { family: 'inet', fwmark: index + 1 },
  }));
}

test('opens a conversation by asking for the family, then for the version', async () => {
  const kernel = kernelWithIpvs();
  const client = await IpvsClient.connect(kernel);
  assert.deepEqual(client.info, { version: { major: 1, minor: 2, patch: 1 }, connectionTableSize: 4096 });
  assert.deepEqual(
    kernel.asked.flat().map(({ family, command, attributes }) => ({ family, command, attributes })),
    [
      { family: 0x10, command: 3, attributes: ['2 4950565300'] },
      { family: 0x1c, command: 15, attributes: [] },
    ],
  );
});

const failedOpenings: readonly (readonly [what: string, script: readonly Answer[], error: Error])[] = [
  ['has no IPVS', [refusing({ 0: 2 })], new UnavailableError(92)],
  ['does not let us', [opening[0] ?? carriedOut, refusing({ 0: 1 })], new UnavailableError(1)],
];

for (const [what, script, error] of failedOpenings) {
  test(`tells that the kernel ${what}, and closes the socket`, async () => {
    const kernel = new ScriptedKernel(...script);
    await assert.rejects(IpvsClient.connect(kernel), error);
    assert.ok(kernel.closed > 0);
  });
}

test('reads services and servers of the kernel', async () => {
  const kernel = kernelWithIpvs(captured(listing, 4), captured(listing, 8, 1));
  const client = await IpvsClient.connect(kernel);
  const services = await client.services();
  assert.deepEqual(
    services.map(({ key }) => ('fwmark' in key ? key.fwmark : key.port)),
    [81, 80, 5060, 53, 4294967295],
  );
  const servers = await client.servers(web);
  assert.deepEqual(
    servers.map(({ address }) => address),
    ['2001:db8::9', '10.0.0.7', '127.0.0.1'],
  );
});

test('an answer that comes in several datagrams is the same as one in a single one', async () => {
  const inPieces: Answer = (requests) =>
    captured(
      listing,
      4,
    )(requests).flatMap((datagram) => {
      assert.ok(datagram instanceof Uint8Array);
      const bytes = Buffer.from(datagram);
      const messages: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = (bytes.readUInt32LE(at) + 3) & ~3;
        messages.push(bytes.subarray(at, at + length));
        at += length;
      }
      return messages;
    });
  const client = await IpvsClient.connect(kernelWithIpvs(inPieces, captured(listing, 4)));
  assert.deepEqual(await client.services(), await client.services());
});

test('one service that is not there is an error, its servers are none', async () => {
  const client = await IpvsClient.connect(
    kernelWithIpvs(refusing({ 0: 3 }), (requests) => [doneMessage(lastOf(requests))]),
  );
  await assert.rejects(client.service(web), new KernelError(3, 'list', 'TCP 10.0.0.1:80'));
  assert.deepEqual(await client.servers(web), []);
});

test('a dump that ends with an error number is refused', async () => {
  const client = await IpvsClient.connect(kernelWithIpvs((requests) => [doneMessage(lastOf(requests), 12)]));
  await assert.rejects(client.services(), new KernelError(12, 'list', ''));
});

test('many changes go in one datagram, and only the last message of it asks for an answer', async () => {
  const kernel = kernelWithIpvs(carriedOut);
  const client = await IpvsClient.connect(kernel);
  assert.deepEqual(await client.changeAll(deletions(5)), Array(5).fill(undefined));
  const sent = kernel.asked.at(-1) ?? [];
  const asksForAnswer = ({ flags }: RequestBytes): boolean => (flags & 4) !== 0;
  assert.deepEqual(sent.filter(asksForAnswer), sent.slice(-1));
  assert.deepEqual(
    sent.filter(({ command }) => command === 3).map(({ attributes }) => attributes.at(-1)),
    ['1.5 01000000', '1.5 02000000', '1.5 03000000', '1.5 04000000', '1.5 05000000'],
  );
});

test('refused changes are told by their position', async () => {
  const kernel = kernelWithIpvs(refusing({ 1: 3, 4: 12 }));
  const client = await IpvsClient.connect(kernel);
  const results = await client.changeAll(deletions(5));
  assert.deepEqual(
    results.map((error) => error?.errno),
    [undefined, 3, undefined, undefined, 12],
  );
  assert.deepEqual(results[1], new KernelError(3, 'delete-service', 'FWM 2'));
});

test('answers may come one by one, or all in one datagram', async () => {
  const together: Answer = (requests) => {
    const answers = refusing({ 0: 3, 2: 3 })(requests);
    return [Buffer.concat(answers.filter((answer) => answer instanceof Uint8Array))];
  };
  const client = await IpvsClient.connect(kernelWithIpvs(together, refusing({ 0: 3, 2: 3 })));
  const errnos = async () => (await client.changeAll(deletions(3))).map((error) => error?.errno);
  assert.deepEqual(await errnos(), [3, undefined, 3]);
  assert.deepEqual(await errnos(), [3, undefined, 3]);
});

test('more changes than the answers to them have room for go in several datagrams', async () => {
  const kernel = kernelWithIpvs(refusing({ 0: 3 }), carriedOut, refusing({ 43: 3 }));
  const client = await IpvsClient.connect(kernel);
  const results = await client.changeAll(deletions(300));
  const refused = [...results.entries()].filter(([, error]) => error !== undefined).map(([index]) => index);
  assert.deepEqual(refused, [0, 299]);
  const sequences = kernel.asked.flat().map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    [...sequences].sort((a, b) => a - b),
  );
  assert.equal(new Set(sequences).size, sequences.length);
});

test('a change that no message can hold is refused before the ones ahead of it are sent', async () => {
  const kernel = kernelWithIpvs();
  const client = await IpvsClient.connect(kernel);
  const asked = kernel.asked.length;
  const changes: Change[] = [...deletions(300), { kind: 'delete-service', key: { ...web, port: 65536 } }];
  assert.throws(() => client.prepare(changes), ValueError);
  await assert.rejects(client.changeAll(changes), ValueError);
  assert.equal(kernel.asked.length, asked);
});

test('prepared changes are made when asked, as often as asked, under numbers of their own', async () => {
  const kernel = kernelWithIpvs(carriedOut, carriedOut, refusing({ 1: 3 }));
  const client = await IpvsClient.connect(kernel);
  const later = client.prepare(deletions(2));
  const asked = kernel.asked.length;
  assert.deepEqual(await client.changeAll(deletions(1)), [undefined]);
  assert.deepEqual(await later(), [undefined, undefined]);
  assert.deepEqual(await later(), [undefined, new KernelError(3, 'delete-service', 'FWM 2')]);
  const sent = kernel.asked.slice(asked);
  assert.deepEqual(
    sent.map((requests) => requests.length),
    [2, 3, 3],
  );
  assert.deepEqual(
    sent[1]?.map(({ attributes }) => attributes),
    sent[2]?.map(({ attributes }) => attributes),
  );
  assert.equal(new Set(sent.flat().map(({ sequence }) => sequence)).size, 8);
});

test('no changes ask nothing', async () => {
  const kernel = kernelWithIpvs();
  const client = await IpvsClient.connect(kernel);
  assert.deepEqual(await client.changeAll([]), []);
});

test('a refused change rejects', async () => {
  const client = await IpvsClient.connect(kernelWithIpvs(refusing({ 0: 17 })));
  const service = {
    key: web,
    scheduler: 'wlc',
    schedulerFlags: [],
    onePacket: false,
    persistenceNetmask: '255.255.255.255',
  };
  await assert.rejects(client.addService(service), new KernelError(17, 'add-service', 'TCP 10.0.0.1:80'));
});

const noBuffer = new TransportError('the kernel dropped answers: no buffer space (ENOBUFS)');

const faults: readonly (readonly [what: string, answer: Answer, error: object])[] = [
  [
    'the answer to a request that was not made',
    (requests) => [resultMessage(lastOf(requests) + 1, 0)],
    { name: 'TransportError', message: /^the kernel answered request \d+, expected \d+( to \d+)?$/ },
  ],
  [
    'the answer to a request of long ago',
    () => [resultMessage(0, 0)],
    { name: 'TransportError', message: /^the kernel answered request 0, expected \d+( to \d+)?$/ },
  ],
  [
    'an answer that is cut short',
    (requests) => [resultMessage(lastOf(requests), 0).subarray(0, 19)],
    { name: 'DecodeError', message: 'netlink message of 36 bytes where 19 are left' },
  ],
  ['an answer of three bytes', () => [bytesOf('010203')], { name: 'DecodeError' }],
  ['answers that were dropped', () => [noBuffer], noBuffer],
  [
    'an overrun',
    (requests) => [withSequence(bytesOf('10000000 04000000 00000000 00000000'), lastOf(requests))],
    { name: 'DecodeError', message: /lost/ },
  ],
  [
    'a positive error number',
    (requests) => [resultMessage(lastOf(requests), -5)],
    { name: 'DecodeError', message: /\b5\b/ },
  ],
  [
    'an error number that no kernel has',
    (requests) => [resultMessage(lastOf(requests), 2147483647)],
    { name: 'DecodeError' },
  ],
];

for (const [what, answer, error] of faults) {
  test(`a change ends in an error at ${what}`, async () => {
    const client = await IpvsClient.connect(kernelWithIpvs(answer));
    await assert.rejects(client.flush(), error);
  });

  test(`a listing ends in an error at ${what}`, async () => {
    const client = await IpvsClient.connect(kernelWithIpvs(answer));
    await assert.rejects(client.services(), error);
  });

  test(`the opening ends in an error at ${what}, and closes the socket`, async () => {
    const kernel = new ScriptedKernel(answer);
    await assert.rejects(IpvsClient.connect(kernel), error);
    assert.ok(kernel.closed > 0);
  });
}

const emptyAnswers: readonly (readonly [
  what: string,
  ask: (client: IpvsClient) => Promise<unknown>,
  data: Uint8Array,
])[] = [
  ['a service without its attributes', (client) => client.services(), attribute(1, new Uint8Array())],
  ['no service', (client) => client.services(), new Uint8Array()],
  ['a server without its attributes', (client) => client.servers(web), attribute(2, new Uint8Array())],
  ['no server', (client) => client.servers(web), new Uint8Array()],
  ['no timeouts', (client) => client.timeouts(), new Uint8Array()],
  ['a daemon without its attributes', (client) => client.syncDaemons(), attribute(3, new Uint8Array())],
];

for (const [what, ask, data] of emptyAnswers) {
  test(`an answer that holds ${what} is a DecodeError that says what is missing`, async () => {
    const client = await IpvsClient.connect(
      kernelWithIpvs((requests) => [dataMessage(lastOf(requests), 0x1c, data, 2), doneMessage(lastOf(requests))]),
    );
    await assert.rejects(ask(client), { name: 'DecodeError', message: /^\w+: .*missing/ });
  });
}

test('unknown error numbers are passed on', async () => {
  for (const errno of [95, 122, 133, 999, 4095]) {
    const client = await IpvsClient.connect(kernelWithIpvs(refusing({ 0: errno })));
    await assert.rejects(client.flush(), new KernelError(errno, 'flush', ''));
  }
});

test('closing rejects what waits, and may be done twice', async () => {
  const client = await IpvsClient.connect(kernelWithIpvs(() => []));
  const waiting = client.services();
  setImmediate(() => {
    client.close();
    client.close();
  });
  await assert.rejects(waiting, TransportError);
});

test('any datagram in place of an answer is data or an IpvsError', async () => {
  const real = captures.flatMap(({ replies }) => replies).map(bytesOf);
  const mutated = fc
    .tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), fc.nat())
    .map(([datagram, places, end]) => {
      const bytes = Uint8Array.from(datagram);
      for (const [place, value] of places) {
        // The sequence number is put right below, else nothing else would ever be looked at.
        bytes[place % bytes.length] = value;
      }
      return end % 3 === 0 ? bytes.subarray(0, end % bytes.length) : bytes;
    });
  const questions: ((client: IpvsClient) => Promise<unknown>)[] = [
    (client) => client.services(),
    (client) => client.service(web),
    (client) => client.servers(web),
    (client) => client.syncDaemons(),
    (client) => client.timeouts(),
    (client) => client.changeAll(deletions(2)),
  ];
  await fc.assert(
    fc.asyncProperty(mutated, fc.constantFrom(...questions), async (datagram, ask) => {
      const kernel = kernelWithIpvs((requests) => {
        const bytes = Buffer.from(datagram);
        if (bytes.length >= 12) bytes.writeUInt32LE(lastOf(requests), 8);
        // Whatever it was, something comes that ends every wait.
        return [bytes, resultMessage(lastOf(requests), 0)];
      });
      const client = await IpvsClient.connect(kernel);
      try {
        await ask(client);
      } catch (error) {
        assert.ok(error instanceof IpvsError, String(error));
        assert.ok(error instanceof DecodeError || error instanceof TransportError || error instanceof KernelError);
      }
    }),
    { numRuns: 600 },
  );
});

test('a conversation that lost an answer answers nothing more, rather than something else', async () => {
  const kernel = kernelWithIpvs((requests) => [resultMessage(lastOf(requests) + 1, 0)], captured(listing, 4));
  const client = await IpvsClient.connect(kernel);
  await assert.rejects(client.services(), TransportError);
  await assert.rejects(client.services(), { name: 'TransportError', message: /broke off before/ });
});

test('calls made at the same time wait for their turn', async () => {
  const client = await IpvsClient.connect(kernelWithIpvs(captured(listing, 4), captured(listing, 4)));
  const [first, second] = await Promise.all([client.services(), client.services()]);
  assert.deepEqual(first, second);
});

for (const [what, change] of [
  ['protocol', { kind: 'delete-service', key: { ...web, protocol: 'TCP' } }],
  ['role', { kind: 'stop-daemon', role: 'spare' }],
] as const) {
  test(`a ${what} that nobody knows is refused before anything is sent`, async () => {
    const client = await IpvsClient.connect(kernelWithIpvs(carriedOut));
    await assert.rejects(client.change(change as unknown as Change), { name: 'ValueError', code: 'IPVS_VALUE' });
    await client.flush();
  });
}

test('answers that are there at once are the same as those that are waited for, and nothing of their memory is kept', async () => {
  const script: readonly Answer[] = [
    captured(listing, 4),
    captured(listing, 8, 1),
    captured(listing, 8, 2),
    acknowledged(captured('ipvsadm -L --timeout', 13)),
    captured('ipvsadm -L --daemon', 11),
    acknowledged(captured('ipvsadm -L -n -t 10.0.0.1:80', 4)),
    refusing({ 1: 3, 127: 17 }),
    refusing({ 2: 2 }),
    carriedOut,
  ];
  const talk = async (transport: Transport): Promise<readonly unknown[]> => {
    const client = await IpvsClient.connect(transport);
    const answers = [
      client.info,
      await client.services(),
      await client.servers(web),
      await client.serverStates(web),
      await client.timeouts(),
      await client.syncDaemons(),
      await client.service(web),
      await client.changeAll(deletions(200)),
    ];
    await client.flush();
    client.close();
    return answers;
  };
  const waited = await talk(kernelWithIpvs(...script));
  const prompt = await talk(new PromptKernel(kernelWithIpvs(...script)));
  assert.deepEqual(prompt, waited);
  assert.equal((waited[1] as readonly unknown[]).length, 5);
});

test('what the system throws at once is passed on as what it rejects with is', async () => {
  const client = await IpvsClient.connect(new PromptKernel(kernelWithIpvs(() => [noBuffer])));
  await assert.rejects(client.services(), noBuffer);
  await assert.rejects(client.flush(), { name: 'TransportError', message: /broke off before/ });
});
