import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shell } from '../reference.js';
import { ipvsadm } from '../run-main.js';

/** A finding as `doctor --json` reports it. */
export interface JsonFinding {
  readonly check: string;
  readonly severity: string;
  readonly subject: { readonly label: string };
  readonly found: string;
  readonly why: string;
  readonly fixes: readonly { readonly how: string; readonly commands: readonly string[] }[];
}

/** What `doctor` came to. */
export interface Diagnosis {
  readonly status: number;
  readonly document: JsonReport;
  /** Everything that is not well. */
  readonly problems: readonly JsonFinding[];
}

interface JsonReport {
  readonly role: string;
  readonly realServer?: { readonly forwarding: string };
  readonly result: string;
  readonly checks: readonly {
    readonly id: string;
    readonly result: string;
    readonly findings: readonly JsonFinding[];
  }[];
}

/** Runs `ipvsadm doctor --json` with these words. */
export async function diagnose(words: readonly string[] = []): Promise<Diagnosis> {
  const { status, stdout, stderr } = await ipvsadm(['doctor', '--json', ...words]);
  assert.equal(stderr, '');
  const document = JSON.parse(stdout) as JsonReport;
  const problems = document.checks.flatMap(({ id, findings }) =>
    findings.filter(({ severity }) => severity !== 'ok').map((finding) => ({ ...finding, check: id })),
  );
  return { status, document, problems };
}

/** Asserts that nothing is wrong. */
export function assertWell({ status, problems }: Diagnosis): void {
  assert.deepEqual(problems, []);
  assert.equal(status, 0);
}

/** Runs a script and returns what it printed; one that fails, or that has something to say, ends the test. */
export async function script(shell: Shell, text: string): Promise<string> {
  const printed = await shell.script(`{ set -e; ( ${text}\n) 2>&1 && echo done; }; set +e`);
  assert.match(printed, /^done$/m, `this script failed:\n${text}\n${printed}`);
  return printed.replace(/^done\n/m, '');
}

/** Settings of the network that change by themselves, or can't be read. */
const volatile =
  /\/(nf_conntrack_count|flush|stat_refresh|error_cost|fib_multipath_hash_seed|addr_gen_mode|stable_secret)$/;

/** All settings of the network as text. */
function sysctls(): string {
  return readdirSync('/proc/sys/net', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !volatile.test(path))
    .sort()
    .map((path) => {
      try {
        return `${path} ${readFileSync(path, 'latin1').trim()}\n`;
      } catch {
        return '';
      }
    })
    .join('');
}

/** Everything that `doctor` looks at, read by others: it has to be the same before and after. */
export async function state(shell: Shell): Promise<string> {
  const seen = await script(
    shell,
    `ip -details address; ip -4 route show table all; ip -6 route show table all; ip rule; ipvsadm -Sn; ipvsadm -L --timeout
    ipvsadm -L --daemon; cut -d ' ' -f 1-4 /proc/modules; ls -A /sys/module`,
  );
  return seen + sysctls();
}

/** Sends datagrams to an address of this host, each from a port of its own. */
export async function send(address: string, port: number, count: number): Promise<void> {
  const { createSocket } = await import('node:dgram');
  for (let sent = 0; sent < count; sent++) {
    const socket = createSocket('udp4');
    await new Promise((resolve) => {
      socket.send('hello', port, address, resolve);
    });
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }
}

/** Listens at a TCP port. @returns what ends it. */
export async function listen(port: number, address: string): Promise<() => Promise<void>> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
}

/** Runs the built program in a network namespace. */
export async function inNamespace(
  namespace: string,
  ...words: readonly string[]
): Promise<{ status: number | null; stdout: string }> {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, 'dist/bin/ipvsadm.cjs', ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout };
}
