import assert from 'node:assert/strict';
import { main } from '../main.js';
import { FakeIo, pieces } from '../unit/support/fake-io.js';
import { kernelWithIpvs } from '../unit/support/scripted-kernel.js';
import { assertPrintable, type Kind } from './kind.js';
import { mutateBytes, mutateText } from './mutate.js';
import type { Random } from './random.js';

const titles = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData';
const states = ['ESTABLISHED', 'SYN_RECV', 'UDP', 'NONE', 'ERR!'] as const;

function hexadecimal(random: Random, digits: number): string {
  return random.next().toString(16).toUpperCase().padStart(8, '0').slice(-digits);
}

function address(random: Random, inet6: boolean): string {
  if (!inet6) return hexadecimal(random, 8);
  return Array.from({ length: 8 }, () => hexadecimal(random, 4).toLowerCase()).join(':');
}

function connection(random: Random): string {
  const inet6 = random.once(4);
  const ends = Array.from({ length: 3 }, () => `${address(random, inet6)} ${hexadecimal(random, 4)}`).join(' ');
  const engine = random.once(8) ? ` sip ${random.pick(['call-1@example', 'a b  c', '\u001b[31mred', '\u202e'])}` : '';
  const expires = String(random.below(100_000)).padStart(7);
  return `${random.pick(['TCP', 'UDP', 'IP ', 'SCTP'])} ${ends} ${random.pick(states).padEnd(11)} ${expires}${engine}`;
}

const listings = ['-Lcn', '-Lc', '-Lcn --persistent-conn', '-Lcn --json'] as const;

/** Connection tables as the kernel writes them, with something changed, and noise. The first byte is the listing. */
export const connectionsKind: Kind = {
  name: 'connections',
  cases: 10_000,
  generate(random) {
    const lines = Array.from({ length: random.below(60) }, () => {
      const line = connection(random);
      return random.once(5) ? mutateText(line, random) : line;
    });
    if (random.once(50)) lines.push('x'.repeat(random.below(2_000_000)));
    const text = Buffer.from(`${[titles, ...lines].join('\n')}${random.once(5) ? '' : '\n'}`);
    return Buffer.concat([
      Uint8Array.of(random.below(listings.length)),
      random.once(5) ? mutateBytes(text, random) : text,
    ]);
  },
  async run(input) {
    const words = (listings[input[0] ?? 0] ?? '-Lcn').split(' ');
    const table = input.subarray(1);
    // Pieces of a size that depends on the input alone.
    const size = 1 + ((table.length * 7919) % 5000);
    const parts = Array.from({ length: Math.ceil(table.length / size) }, (_, at) =>
      table.slice(at * size, (at + 1) * size),
    );
    const io = new FakeIo({ connections: pieces(parts), sockets: [kernelWithIpvs()] });
    const status = await main(words, io);
    const { stdout, stderr } = io;
    assert.ok(status === 0 || status === 1, `status ${status}`);
    assert.equal(status === 0, stderr.text === '', stderr.text.slice(0, 500));
    const json = words.includes('--json');
    for (const text of [stdout.text, stderr.text]) assert.match(text, /^$|\n$/);
    // Programs get the characters as they are.
    for (const text of json ? [stderr.text] : [stdout.text, stderr.text]) assertPrintable(text);
    for (const line of stderr.text.split('\n').slice(0, -1)) {
      assert.match(line, /^\/proc\/net\/ip_vs_conn: line \d+ is no connection: /);
    }
    if (json) for (const line of stdout.text.split('\n').slice(0, -1)) JSON.parse(line);
  },
};
