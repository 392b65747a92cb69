import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { after, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { settled } from '../cluster/listings.js';
import { bareTopology } from '../cluster/standard.js';
import { inHost, type Topology } from '../cluster/topology.js';
import { installPrograms } from './installed.js';
import { referencePath, Shell } from './reference.js';

// docs/clusters.md as a reader follows it: each command on the host that its prompt names, from the first one to the last.
const guide = readFileSync('docs/clusters.md', 'utf8');

const web = ['real1', 'real2', 'far1', 'far2'] as const;
const { client, director, real1, real2, router } = bareTopology;
assert.ok(client && director && real1 && real2 && router);
const far = (address: string): Topology[string] => ({
  cables: [{ segment: 'far', addresses: [`${address}/24`] }],
  routes: ['default via 203.0.113.1'],
});
const topology: Topology = {
  client,
  director,
  router: { ...router, cables: [...router.cables, { segment: 'far', addresses: ['203.0.113.1/24'] }] },
  real1: { ...real1, routes: ['default via 192.0.2.1'] },
  real2: { ...real2, routes: ['default via 192.0.2.1'] },
  far1: far('203.0.113.21'),
  far2: far('203.0.113.22'),
};

// The lab's kernel knows no address families for nf_tables, so iptables has to be the older one.
mkdirSync('/run/guide');
symlinkSync('/usr/sbin/iptables-legacy', '/run/guide/iptables');
const path = [installPrograms(), '/run/guide', resolve('examples'), referencePath, dirname(process.execPath)].join(':');
const cluster = await Cluster.build(topology, web);
await cluster.serve(web, { http: [80, 443, 8080], udp: [] });

const shells = new Map<string, Shell>();
for (const host of Object.keys(topology)) {
  const shell = new Shell(path, ...inHost(host));
  // All hosts have one file system here; each has its own notes.
  await shell.script(`exec 2>&1\nexport STATE=/run/guide/${host}`);
  shells.set(host, shell);
}
after(() => {
  cluster.close();
  for (const shell of shells.values()) shell.close();
});

interface Step {
  readonly host: string;
  readonly command: string;
  /** What it prints; `...` stands for anything, as a line for any lines. */
  readonly prints: readonly string[];
}

interface Block {
  readonly section: string;
  readonly line: number;
  readonly steps: readonly Step[];
}

const prompt = /^(\w+)[#$] (.*)$/;

/** The fenced blocks of a language, with the section that each is in. */
function fences(text: string): { language: string; section: string; line: number; lines: string[] }[] {
  const found: { language: string; section: string; line: number; lines: string[] }[] = [];
  let section = '';
  let open: (typeof found)[number] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open !== undefined && fence !== null) {
      found.push(open);
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line);
    } else if (fence !== null) {
      open = { language: fence[1] ?? '', section, line: index + 1, lines: [] };
    } else if (line.startsWith('## ')) {
      section = line.slice(3);
    }
  }
  return found;
}

function readSteps(lines: readonly string[]): Step[] {
  const steps: { host: string; command: string; prints: string[] }[] = [];
  for (const line of lines) {
    const [, host, command] = prompt.exec(line) ?? [];
    if (host !== undefined && command !== undefined && topology[host]) steps.push({ host, command, prints: [] });
    else steps.at(-1)?.prints.push(line);
  }
  return steps;
}

const blocks: readonly Block[] = fences(guide)
  .filter(({ language }) => language === 'console')
  .map(({ section, line, lines }) => ({ section, line, steps: readSteps(lines) }));

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** A pattern for the whole output. Blanks at the ends of lines don't count. */
function pattern(prints: readonly string[]): RegExp {
  const lines = prints.map((line) =>
    line === '...' ? '(?:.*\\n)*?' : `${line.trimEnd().split('...').map(literally).join('.*')}\\n`,
  );
  return new RegExp(`^${lines.join('')}$`);
}

async function perform({ host, command, prints }: Step): Promise<void> {
  const expected = pattern(prints);
  const run = async (): Promise<{ output: string; status: string }> => {
    const bytes = (await shells.get(host)?.script(`${command}\necho "$?"`)) ?? '';
    const printed = Buffer.from(bytes, 'latin1').toString();
    const [, output = '', status = ''] = /^([^]*?)(\d+)\n$/.exec(printed) ?? [];
    return { output: output.replace(/ +$/gm, ''), status };
  };
  // Listings are asked for until they show it: the kernel counts a little later.
  const { output, status } = command.startsWith('ipvsadm -L')
    ? await settled(run, (answer) => expected.test(answer.output))
    : await run();
  assert.match(output, expected, `${host}: ${command}`);
  assert.equal(status, '0', `${host}: ${command}\n${output}`);
}

test('every block of the guide is a drawing or is run here', () => {
  assert.deepEqual([...new Set(fences(guide).map(({ language }) => language))].sort(), ['console', 'text']);
  for (const { line, steps } of blocks) assert.ok(steps.length > 0, `the block at line ${line} has no command`);
});

for (const { section, line, steps } of blocks) {
  test(`${section}, line ${line}`, async () => {
    for (const step of steps) await perform(step);
  });
}
