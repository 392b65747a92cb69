import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, openSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compare, peakMemory, time } from './measure.mjs';

/**
 * One figure: ours against what it is measured by.
 * @typedef {object} Figure
 * @property {string} what
 * @property {string} unit
 * @property {number} ours
 * @property {number} against the reference, bare Node, or a limit
 * @property {number} ratio ours / against; for speeds against / ours, so that less is always better
 * @property {number} target the largest ratio that is good enough
 */

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {boolean} lab needs the kernel's IPVS, and the original
 * @property {boolean} [onlyNode] needs no Debian package
 * @property {boolean} [likeAnother] measures in the same way as another row: nothing that a smoke run has to try
 * @property {(smoke: boolean) => Figure[] | Promise<Figure[]>} measure smoke: small sizes, only to see that it runs
 */

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const ours = path.join(root, 'dist/bin/ipvsadm.cjs');
const reference = '/sbin/ipvsadm';
const empty = '/tmp/ipvsadm-bench-empty.cjs';

/**
 * @param {string} what
 * @param {string} unit
 * @param {number} mine
 * @param {number} against
 * @param {number} target
 * @returns {Figure}
 */
function figure(what, unit, mine, against, target) {
  return { what, unit, ours: mine, against, ratio: mine / against, target };
}

/** @param {...string} words */
function must(...words) {
  const [program = '', ...args] = words;
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${String(stderr)}`);
}

const clear = () => {
  must(reference, '-C');
};

/**
 * Writes the rules of a table.
 * @param {number} services
 * @param {number} servers of each service
 * @returns {{ file: string, rules: number }}
 */
function rulesFile(services, servers) {
  const file = `/tmp/ipvsadm-bench-${services}x${servers}.rules`;
  const lines = [];
  for (let s = 0; s < services; s++) {
    const service = `10.${s >> 8}.${s & 255}.1:80`;
    lines.push(`-A -t ${service} -s wlc`);
    for (let d = 0; d < servers; d++)
      lines.push(`-a -t ${service} -r 11.${d >> 8}.${d & 255}.${1 + (s % 200)}:80 -m -w 1`);
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { file, rules: lines.length };
}

/** @type {readonly (readonly [name: string, small: readonly [number, number], large: readonly [number, number]])[]} */
const shapes = [
  ['many small services', [300, 10], [3000, 10]],
  ['100 servers each', [10, 100], [100, 100]],
  ['one large service', [1, 500], [1, 5000]],
];

/**
 * The cost of a line: the slope between two sizes, so that starting up does not count.
 * @param {(table: { file: string, rules: number }) => { ours: number, reference: number }} measure
 * @param {boolean} smoke
 * @param {number} target
 * @param {string} what
 */
function slopes(measure, smoke, target, what) {
  return (smoke ? shapes.slice(0, 1) : shapes).map(([name, small, large]) => {
    const tables = [small, large].map(([services, servers]) =>
      smoke ? rulesFile(Math.ceil(services / 10), Math.ceil(servers / 10)) : rulesFile(services, servers),
    );
    const [first, second] = tables.map((table) => ({ ...measure(table), rules: table.rules }));
    if (first === undefined || second === undefined) throw new Error('two sizes make a slope');
    const slope = (/** @type {'ours' | 'reference'} */ side) =>
      ((second[side] - first[side]) / (second.rules - first.rules)) * 1000;
    return figure(`${what}, ${name}`, 'us/line', slope('ours'), slope('reference'), target);
  });
}

/**
 * @param {readonly string[]} words
 * @param {number} target
 * @returns {(smoke: boolean) => Figure[]}
 */
const listing = (words, target) => (smoke) =>
  slopes(
    ({ file }) => {
      clear();
      time({ command: [ours, '-R'], input: file });
      return compare(
        { ours: { command: [ours, ...words] }, reference: { command: [reference, ...words] } },
        smoke ? 1 : 5,
      );
    },
    smoke,
    target,
    `ipvsadm ${words.join(' ')}`,
  );

/**
 * Writes a connection table as the kernel does.
 * @param {number} lines
 */
function recordedConnections(lines) {
  const directory = mkdtempSync('/tmp/ipvsadm-bench-');
  const file = `${directory}/ip_vs_conn`;
  writeFileSync(file, 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n');
  const hex = (/** @type {number} */ value, /** @type {number} */ digits) =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  const fd = openSync(file, 'a');
  for (let start = 0; start < lines; start += 10000) {
    let block = '';
    for (let n = start; n < Math.min(lines, start + 10000); n++) {
      block += `TCP ${hex(0x0b000000 + (n >> 4), 8)} ${hex(1024 + (n & 4095), 4)} 0A000001 0050 0A00${hex(n & 255, 2)}02 1F90 ESTABLISHED     ${String(n % 900).padStart(3)}\n`;
    }
    writeSync(fd, block);
  }
  closeSync(fd);
  return directory;
}

/**
 * A run that sees a recorded connection table: /proc/net is that of the process itself, and a mount on a single file in
 * it would not last.
 * @param {string} directory
 * @param {...string} words
 * @returns {import('./measure.mjs').Run}
 */
function seeing(directory, ...words) {
  const script = 'mount --bind "$0" "/proc/$$/net" && exec "$@"';
  return { command: ['unshare', '--mount', 'sh', '-c', script, directory, ...words] };
}

/**
 * A name server in a process of its own; with a negative delay it never replies.
 * @param {number} delay
 */
async function nameServer(delay) {
  const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'name-server.mjs');
  const child = spawn(process.execPath, [script, String(delay)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

/**
 * What keepalived 2.2.7 needs of a core for a check, in microseconds, side by side with this program on one machine: see
 * docs/performance.md.
 */
const keepalived = { tcp: 103, http: 156 };

/** @type {readonly Row[]} */
export const rows = [
  {
    id: 'start',
    lab: false,
    measure: (smoke) => {
      writeFileSync(empty, '');
      const node = [process.execPath, empty];
      const rounds = smoke ? 1 : 31;
      const times = compare(
        {
          node: { command: [process.execPath, empty] },
          help: { command: [ours, '-h'] },
          version: { command: [ours, '-v'] },
        },
        rounds,
      );
      const memory = (/** @type {readonly [string, ...string[]]} */ command) => peakMemory({ command });
      const bare = memory([process.execPath, ...node.slice(1)]);
      return [
        figure('start: ipvsadm -h against an empty file', 'ms', times.help, times.node, 1.2),
        figure('start: ipvsadm -v against an empty file', 'ms', times.version, times.node, 1.2),
        figure('memory: ipvsadm -h against an empty file + 8 MiB', 'MiB', memory([ours, '-h']), bare + 8, 1),
      ];
    },
  },
  {
    id: 'one-shot',
    lab: true,
    measure: (smoke) => {
      writeFileSync(empty, '');
      clear();
      must(reference, '-A', '-t', '10.0.0.1:80');
      must(reference, '-a', '-t', '10.0.0.1:80', '-r', '10.0.0.2:80', '-m');
      const times = compare(
        {
          node: { command: [process.execPath, empty] },
          add: { command: [ours, '-A', '-t', '10.0.0.9:80', '-s', 'wlc'] },
          timeouts: { command: [ours, '-L', '--timeout'] },
          list: { command: [ours, '-Ln'] },
        },
        smoke ? 1 : 11,
        () => {
          spawnSync(reference, ['-D', '-t', '10.0.0.9:80'], { stdio: 'ignore' });
        },
      );
      return [
        figure('one-shot: ipvsadm -A against an empty file', 'ms', times.add, times.node, 1.3),
        figure('one-shot: ipvsadm -L --timeout against an empty file', 'ms', times.timeouts, times.node, 1.3),
        figure('one-shot: ipvsadm -Ln against an empty file', 'ms', times.list, times.node, 1.3),
      ];
    },
  },
  {
    id: 'restore',
    lab: true,
    measure: (smoke) =>
      slopes(
        ({ file }) =>
          compare(
            { ours: { command: [ours, '-R'], input: file }, reference: { command: [reference, '-R'], input: file } },
            smoke ? 1 : 3,
            clear,
          ),
        smoke,
        0.2,
        'ipvsadm -R',
      ),
  },
  { id: 'list', lab: true, measure: listing(['-Ln'], 1) },
  { id: 'save', lab: true, likeAnother: true, measure: listing(['-Sn'], 1) },
  { id: 'stats', lab: true, likeAnother: true, measure: listing(['-Ln', '--stats'], 1) },
  {
    id: 'connections',
    lab: true,
    measure: (smoke) => {
      const [few, many] = smoke ? [1000, 5000] : [50000, 500000];
      const measured = [few, many].map((lines) => {
        const file = recordedConnections(lines);
        const mine = seeing(file, ours, '-L', '-c', '-n');
        const theirs = seeing(file, reference, '-L', '-c', '-n');
        return { mine, ...compare({ ours: mine, reference: theirs }, smoke ? 1 : 3) };
      });
      const [first, second] = measured;
      if (first === undefined || second === undefined) throw new Error('two sizes make a slope');
      const slope = (/** @type {'ours' | 'reference'} */ side) => ((second[side] - first[side]) / (many - few)) * 1000;
      return [
        figure(`ipvsadm -Lcn from ${few} to ${many} connections`, 'us/line', slope('ours'), slope('reference'), 1),
        figure(`the complete run of ${many}, start included`, 'ms', second.ours, second.reference, 1),
        figure('memory of the same, limit 120 MiB', 'MiB', peakMemory(second.mine), 120, 1),
      ];
    },
  },
  {
    id: 'names',
    lab: true,
    measure: async (smoke) => {
      const addresses = smoke ? 20 : 1000;
      writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.1\n');
      clear();
      time({ command: [ours, '-R'], input: rulesFile(1, addresses - 1).file });
      let server = await nameServer(100);
      const mine = time({ command: [ours, '-L'] });
      // The original looks them up one after the other: twenty are enough to compute the time of a thousand.
      clear();
      time({ command: [ours, '-R'], input: rulesFile(1, 19).file });
      const theirs = (time({ command: [reference, '-L'] }) / 20) * addresses;
      server.kill();
      clear();
      time({ command: [ours, '-R'], input: rulesFile(1, addresses - 1).file });
      server = await nameServer(-1);
      const dead = time({ command: [ours, '-L'] });
      server.kill();
      return [
        figure(`ipvsadm -L, ${addresses} names of 100 ms each`, 'ms', mine, theirs, 1 / 30),
        figure('ipvsadm -L, dead resolver, limit 5 s', 'ms', dead, 5000, 1),
      ];
    },
  },
  {
    id: 'apply',
    lab: true,
    measure: (smoke) => {
      const { file, rules } = smoke ? rulesFile(10, 10) : rulesFile(100, 100);
      clear();
      time({ command: [ours, '-R'], input: file });
      const document = `${file}.yaml`;
      writeFileSync(document, spawnSync(ours, ['export'], { maxBuffer: 2 ** 26 }).stdout);
      const applying = {
        rules: { command: /** @type {const} */ ([ours, 'apply', file]) },
        document: { command: /** @type {const} */ ([ours, 'apply', document]) },
      };
      const rounds = smoke ? 1 : 7;
      const adding = compare({ ...applying, restore: { command: [ours, '-R'], input: file } }, rounds, clear);
      const nothing = compare({ ...applying, save: { command: [ours, '-Sn'] } }, rounds);
      const size = `${rules} lines`;
      return [
        figure(`apply: rules, ${size}, against -R`, 'ms', adding.rules, adding.restore, 1.5),
        figure(`apply: document, ${size}, against -R`, 'ms', adding.document, adding.restore, 1.5),
        figure(`apply: rules, ${size}, nothing to do, against -Sn`, 'ms', nothing.rules, nothing.save, 1.2),
        figure(`apply: document, ${size}, nothing to do, against -Sn`, 'ms', nothing.document, nothing.save, 1.2),
      ];
    },
  },
  {
    id: 'health',
    lab: false,
    onlyNode: true,
    measure: async (smoke) => {
      const { measureHealth } = await import('./health.mjs');
      const { tcp, http, many, servers } = await measureHealth(smoke);
      const rate = (/** @type {number} */ value) => Math.round(value).toLocaleString('en');
      const all = `${servers.toLocaleString('en')} servers`;
      return [
        figure("health: a TCP check, against keepalived's", 'us', tcp.cost, keepalived.tcp, 2),
        figure("health: an HTTP check, against keepalived's", 'us', http.cost, keepalived.http, 2),
        figure(`health: ${rate(tcp.rate)} TCP checks a second, limit 60 %`, 'core', tcp.share, 0.6, 1),
        figure(`health: ${rate(http.rate)} HTTP checks a second, limit 60 %`, 'core', http.share, 0.6, 1),
        figure(`health: ${all}, peak memory, limit 150 MiB`, 'MiB', many.memory, 150, 1),
        figure(`health: ${all}, starts late, p99, limit 100 ms`, 'ms', many.lateness, 100, 1),
        figure(`health: ${all} fail, in the kernel, limit 2 s`, 's', many.failing, 2, 1),
        figure(`health: ${all} reloaded, limit 1 s`, 's', many.reload, 1, 1),
        figure(`health: ${all} reloaded, pause, limit 50 ms`, 'ms', many.pause, 50, 1),
      ];
    },
  },
  {
    id: 'memory',
    lab: true,
    measure: (smoke) => {
      clear();
      const { file } = smoke ? rulesFile(10, 10) : rulesFile(1000, 100);
      return [
        figure(
          'memory: -R of 100,000 servers, limit 200 MiB',
          'MiB',
          peakMemory({ command: [ours, '-R'], input: file }),
          200,
          1,
        ),
        figure('memory: -Ln of 100,000 servers, limit 200 MiB', 'MiB', peakMemory({ command: [ours, '-Ln'] }), 200, 1),
      ];
    },
  },
];

/**
 * Prints figures as one line of JSON, for the process outside of the lab.
 * @param {Figure[]} figures
 */
export function report(figures) {
  appendFileSync(1, `${JSON.stringify(figures)}\n`);
}
