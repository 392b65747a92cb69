import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Channel } from '../../../src/client/channel.js';
import { IpvsClient } from '../../../src/client/client.js';
import { RequestBatch } from '../../../src/client/request-batch.js';
import {
  DecodeError,
  IpvsError,
  KernelError,
  TransportError,
  UnavailableError,
  ValueError,
} from '../../../src/errors.js';
import type { Change } from '../../../src/model/change.js';
import { defaultTunnel, type RealServer } from '../../../src/model/server.js';
import { ServerRows } from '../../../src/model/server-rows.js';
import type { ServiceKey } from '../../../src/model/service.js';
import { serverValues, serviceValues } from '../../../src/wire/encode.js';
import { writeRequest } from '../../../src/wire/message.js';
import { commandAttributes } from '../../../src/wire/tables.js';
import { Writer } from '../../../src/wire/writer.js';
import { plainService } from '../support/entries.js';
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
  const oneByOne: Answer = (requests) =>
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
  // Two readings of a list in pieces have to agree.
  const client = await IpvsClient.connect(kernelWithIpvs(oneByOne, oneByOne, captured(listing, 4)));
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

const noReply = new TransportError('no reply from the kernel');
const noBuffer = new TransportError('the kernel dropped replies: no buffer space (ENOBUFS)');

const faults: readonly (readonly [what: string, answer: Answer, error: object])[] = [
  ['the answer to a request that was not made', (requests) => [resultMessage(lastOf(requests) + 1, 0)], noReply],
  ['the answer to a request of long ago', (requests) => [resultMessage(lastOf(requests) - 1000, 0)], noReply],
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

for (const [what, answer, error] of faults) {
  test(`after ${what} the next call is carried out`, async () => {
    const late: Answer = (requests) => [...answer(requests), resultMessage(lastOf(requests) - 1, 3)];
    const client = await IpvsClient.connect(kernelWithIpvs(late, refusing({ 0: 3 }), captured(listing, 4)));
    await assert.rejects(client.flush(), error);
    await assert.rejects(client.deleteService(web), new KernelError(3, 'delete-service', 'TCP 10.0.0.1:80'));
    assert.equal((await client.services()).length, 5);
  });
}

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

test('what was read stays as it was when its memory is used again', async () => {
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
  const client = await IpvsClient.connect(kernelWithIpvs(...script));
  const replies: unknown[] = [];
  const copies: unknown[] = [];
  for (const ask of [
    () => client.services(),
    () => client.servers(web),
    () => client.serverStates(web),
    () => client.timeouts(),
    () => client.syncDaemons(),
    () => client.service(web),
    async () => (await client.changeAll(deletions(200))).map((error) => error?.message),
  ]) {
    const reply: unknown = await ask();
    replies.push(reply);
    copies.push(structuredClone(reply));
  }
  await client.flush();
  client.close();
  assert.deepEqual(replies, copies);
  assert.equal((replies[0] as readonly unknown[]).length, 5);
});

// The event loop -------------------------------------------------------------------------------------------------------

/** Lets time go by as a busy kernel does: nothing else is done meanwhile. */
function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const slowCarriedOut: Answer = (requests) => {
  busy(1);
  return carriedOut(requests);
};

/** A list in so many pieces, each of which takes a while. */
function slowDump(pieces: number): Answer {
  return function* (requests) {
    const [piece] = captured(listing, 8, 1)(requests);
    assert.ok(piece instanceof Uint8Array);
    const bytes = Buffer.from(piece);
    // Messages up to the end of the dump, of which there may be one in the same datagram.
    const end = [...messages(bytes)].find(({ type }) => type === 3)?.start ?? bytes.length;
    for (let count = 0; count < pieces; count++) {
      busy(1);
      yield bytes.subarray(0, end);
    }
    yield doneMessage(lastOf(requests));
  };
}

function* messages(datagram: Buffer): Generator<{ readonly start: number; readonly type: number }> {
  for (let start = 0; start < datagram.length; start += (datagram.readUInt32LE(start) + 3) & ~3) {
    yield { start, type: datagram.readUInt16LE(start + 4) };
  }
}

const longCalls: readonly (readonly [
  what: string,
  answers: readonly Answer[],
  call: (client: IpvsClient) => Promise<unknown>,
])[] = [
  ['many changes', Array<Answer>(100).fill(slowCarriedOut), (client) => client.changeAll(deletions(100 * 128))],
  ['a long list', Array<Answer>(20).fill(slowDump(100)), (client) => client.servers(web)],
  [
    'many short calls',
    Array<Answer>(100).fill(slowCarriedOut),
    async (client) => {
      for (let count = 0; count < 100; count++) await client.flush();
    },
  ],
];

for (const [what, answers, call] of longCalls) {
  test(`the event loop turns during ${what}: timers fire, and signals can be aborted`, async () => {
    const client = await IpvsClient.connect(kernelWithIpvs(...answers));
    const fired: string[] = [];
    const signal = AbortSignal.timeout(1);
    signal.addEventListener('abort', () => fired.push('abort'));
    setTimeout(() => fired.push('timer'), 1);
    setImmediate(() => fired.push('immediate'));
    await call(client);
    assert.deepEqual(fired.sort(), ['abort', 'immediate', 'timer']);
  });
}

// Lists that change while they are read ------------------------------------------------------------------------------------

function server(index: number): RealServer {
  return {
    family: 'inet',
    address: `10.1.${index >> 8}.${index & 255}`,
    port: 80,
    forwarding: 'masquerading',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: defaultTunnel,
  };
}

function servers(from: number, to: number): RealServer[] {
  return Array.from({ length: to - from }, (_, index) => server(from + index));
}

interface ServerTable {
  servers: readonly RealServer[];
}

const pieceLength = 10;

/**
 * The reply to a request for the servers of a table, in pieces by their place in it, as the kernel makes them.
 * @param between is called between two pieces.
 * @param flags of the last piece.
 */
function inPieces(table: ServerTable, between: () => void = () => undefined, flags = 2): Answer {
  return function* (requests) {
    const sequence = lastOf(requests);
    for (let start = 0; start < table.servers.length; start += pieceLength) {
      if (start > 0) between();
      const shown = table.servers.slice(start, start + pieceLength);
      yield Buffer.concat(shown.map((each) => serverMessage(sequence, each, flags)));
    }
    yield doneMessage(sequence);
  };
}

function serverMessage(sequence: number, each: RealServer, flags: number): Uint8Array {
  const writer = new Writer();
  commandAttributes.encode(writer, { server: serverValues(each) });
  return dataMessage(sequence, 0x1c, writer.bytes(), flags);
}

function addressesOf(list: readonly { readonly address: string }[]): string[] {
  return list.map(({ address }) => address);
}

const add = (table: ServerTable): void => {
  table.servers = [server(1000 + table.servers.length), ...table.servers];
};
const remove = (table: ServerTable): void => {
  table.servers = table.servers.slice(1);
};

const changesBetween: readonly (readonly [what: string, change: (table: ServerTable) => void, flags: number])[] = [
  ['nothing', () => undefined, 2],
  ['a server is added, which moves those after it', add, 2],
  ['a server is removed, which moves those after it', remove, 2],
  [
    'one is added and another removed',
    (table) => {
      add(table);
      remove(table);
    },
    2,
  ],
  ['nothing that we see, but the kernel (NLM_F_DUMP_INTR)', () => undefined, 2 | 0x10],
];

for (const [what, change, flags] of changesBetween) {
  test(`a list in several pieces is the kernel's, each once and none missing, when between two pieces ${what}`, async () => {
    const table: ServerTable = { servers: servers(0, 35) };
    let changes = 0;
    const changeOnce = (): void => {
      if (changes++ === 0) change(table);
    };
    const first = inPieces(table, changeOnce, flags);
    const client = await IpvsClient.connect(kernelWithIpvs(first, ...Array<Answer>(3).fill(inPieces(table))));
    assert.deepEqual(addressesOf(await client.servers(web)), addressesOf(table.servers));
  });
}

test('a list that changes all the time is read ten times at most, and what stays in it is there once', async () => {
  const table: ServerTable = { servers: servers(0, 35) };
  let others = 0;
  // Another server in front of those that stay at each piece of the even ones, and none at the odd ones.
  const restless = inPieces(table, () => {
    table.servers = others++ % 2 === 0 ? [server(1000 + others), ...servers(0, 35)] : servers(0, 35);
  });
  const kernel = kernelWithIpvs(...Array<Answer>(20).fill(restless));
  const client = await IpvsClient.connect(kernel);
  const asked = kernel.asked.length;
  const found = addressesOf(await client.serverStates(web));
  assert.ok(kernel.asked.length - asked <= 20);
  assert.equal(new Set(found).size, found.length);
  for (const address of addressesOf(servers(0, 35))) assert.ok(found.includes(address), address);
});

test('the rows of a listing have each server once, whatever is added between two pieces', async () => {
  const table: ServerTable = { servers: servers(0, 35) };
  let changes = 0;
  const once = inPieces(table, () => {
    if (changes++ === 0) add(table);
  });
  const always = inPieces(table, () => {
    add(table);
  });
  const client = await IpvsClient.connect(kernelWithIpvs(once, inPieces(table), ...Array<Answer>(10).fill(always)));
  const rows = new ServerRows(true);
  await client.readServers(web, rows);
  assert.deepEqual(
    rows.map((row) => rows.address(row)),
    addressesOf(table.servers),
  );
  await client.readServers(web, rows);
  const found = rows.map((row) => rows.address(row));
  assert.equal(new Set(found).size, found.length);
});

// What lives for months ---------------------------------------------------------------------------------------------------

test('replies that can not be read end a list in an error, and the next call reads its own', async () => {
  const table: ServerTable = { servers: servers(0, 35) };
  const spoiled: Answer = function* (requests) {
    for (const [index, piece] of [...inPieces(table)(requests)].entries()) {
      yield index === 1 ? dataMessage(lastOf(requests), 0x1c, attribute(2, attribute(4, bytesOf('01'))), 2) : piece;
    }
  };
  const client = await IpvsClient.connect(kernelWithIpvs(spoiled, captured(listing, 4)));
  await assert.rejects(client.servers(web), DecodeError);
  assert.equal((await client.services()).length, 5);
});

test('a service of a protocol that is not known is shown by its number, and its servers can be read', async () => {
  const key = { family: 'inet', protocol: 'protocol-136', address: '10.0.0.1', port: 80 } as const;
  const message: Answer = (requests) => {
    const writer = new Writer();
    const values = { ...plainService, key };
    commandAttributes.encode(writer, { service: serviceValues(values) });
    return [
      Buffer.concat([
        dataMessage(lastOf(requests), 0x1c, writer.bytes(), 2),
        ...captured(listing, 4)(requests).filter((reply) => reply instanceof Uint8Array),
      ]),
    ];
  };
  const kernel = kernelWithIpvs(message, captured(listing, 8, 1));
  const client = await IpvsClient.connect(kernel);
  const services = await client.services();
  assert.equal(services.length, 6);
  assert.deepEqual(services[0]?.key, key);
  assert.equal((await client.servers(key)).length, 3);
  assert.ok(kernel.asked.at(-1)?.[0]?.attributes.includes('1.2 8800'));
});

test('numbers of requests go on from 0 after 2^32 - 1, within a datagram too', async () => {
  for (const first of [4294967295, 4294967296 - 64, 4294967296 - 128]) {
    const kernel = new ScriptedKernel(refusing({ 0: 3, 70: 17, 127: 2 }), captured(listing, 4));
    const channel = new Channel(kernel, first);
    const writer = new Writer();
    const [batch] = RequestBatch.ofAll(Array.from({ length: 128 }), writer, () => {
      writeRequest(writer, { family: 0, version: 1, command: 3, flags: 0, sequence: 0 }, commandAttributes, {});
    });
    assert.ok(batch);
    const results = await channel.execute(batch, 0x1c);
    assert.deepEqual(
      [...results.entries()].filter(([, errno]) => errno !== 0),
      [
        [0, 3],
        [70, 17],
        [127, 2],
      ],
    );
    const sent = kernel.asked.flat();
    assert.deepEqual(
      sent.map(({ sequence }) => sequence),
      sent.map((_, index) => (first + index) % 2 ** 32),
    );
    const request = { family: 0x1c, version: 1, command: 4, attributes: commandAttributes, values: {} };
    let services = 0;
    await channel.query(request, true, () => services++);
    assert.equal(services, 5);
  }
});

test('requests are numbered from another number each time', async () => {
  const firsts = new Set<number>();
  for (let count = 0; count < 10; count++) {
    const kernel = kernelWithIpvs();
    await IpvsClient.connect(kernel);
    firsts.add(kernel.asked[0]?.[0]?.sequence ?? 0);
  }
  assert.ok(firsts.size > 1);
});

/** The reply to a request for the number of the family. */
function familyReply(family: number): Answer {
  const id = Buffer.from([family, 0]);
  return (requests) => [dataMessage(lastOf(requests), 0x10, attribute(1, id)), resultMessage(lastOf(requests), 0)];
}

const noFamily = (requests: readonly RequestBytes[]): readonly Uint8Array[] =>
  requests.slice(0, -1).length === 0
    ? [resultMessage(lastOf(requests), 2)]
    : [...requests.slice(0, -1).map(({ sequence }) => resultMessage(sequence, 2)), resultMessage(lastOf(requests), 0)];

test('the family is looked up again when the module was loaded again', async () => {
  const kernel = kernelWithIpvs(noFamily, captured(listing, 4), noFamily, carriedOut);
  const client = await IpvsClient.connect(kernel);
  kernel.familyReply = familyReply(0x2a);
  assert.equal((await client.services()).length, 5);
  kernel.familyReply = familyReply(0x2b);
  assert.deepEqual(await client.changeAll(deletions(3)), [undefined, undefined, undefined]);
  assert.deepEqual(
    kernel.asked.slice(-4).map((requests) => requests[0]?.family),
    [0x1c, 0x2a, 0x2a, 0x2b],
  );
});

test('a family that is the same as before is no reason to ask once more', async () => {
  const kernel = kernelWithIpvs(refusing({ 0: 2 }));
  const client = await IpvsClient.connect(kernel);
  await assert.rejects(
    client.deleteServer(web, server(1)),
    new KernelError(2, 'delete-server', '10.1.0.1:80 of TCP 10.0.0.1:80'),
  );
});

test('a module that was unloaded is an UnavailableError', async () => {
  const kernel = kernelWithIpvs(noFamily);
  const client = await IpvsClient.connect(kernel);
  kernel.familyReply = (requests) => [resultMessage(lastOf(requests), 2)];
  await assert.rejects(client.services(), new UnavailableError(92));
});

test('a client is closed by dispose, and at once or after what is under way', async () => {
  const kernel = kernelWithIpvs(captured(listing, 4));
  const client = await IpvsClient.connect(kernel);
  const services = client.services();
  await client[Symbol.asyncDispose]();
  assert.equal((await services).length, 5);
  assert.ok(kernel.closed > 0);
  await assert.rejects(client.services(), TransportError);
  const other = await IpvsClient.connect(kernelWithIpvs());
  other[Symbol.dispose]();
  await assert.rejects(other.flush(), new TransportError('the netlink socket is closed'));
});
