import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { connect } from '../command/connect.js';
import { reportFailures } from '../command/failure.js';
import { InputError, StateError, UsageError, ValueError } from '../errors.js';
import type { Output, Io } from '../ports/io.js';
import { readSnapshots } from '../director/health-notes.js';
import { printable } from '../text/printable.js';
import type { WebSources } from '../web/app.js';
import type { ListenAt, WebServer } from '../web/server.js';
import type { Sessions } from '../web/sessions.js';
import type { ReadConfig } from '../web/tls.js';
import { connections } from './connections.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { editActions } from './edit-actions.js';
import { Ending } from './ending.js';
import { metrics } from './metrics.js';
import { readWords } from './read-words.js';
import { status } from './status.js';
import { tableActions } from './top-actions.js';
import { defineVerb, type DefinedVerb, type OptionTable, type OptionValues } from './verb.js';

/** How a page is served. */
export interface PageOptions {
  listen: { readonly address: string; readonly port: number } | undefined;
  socket: string;
  group: string | undefined;
  host: readonly string[];
  tokenFile: string | undefined;
  allowChanges: boolean;
  allowEdit: boolean;
  'web.config.file': string | undefined;
  document: string | undefined;
  interval: number;
}

const defaultSocket = '/run/ipvsadm/web.sock';

/** Addresses that no other machine reaches. */
const loopback = /^(127(\.\d{1,3}){3}|::1)$/;

function readListen(word: unknown): { readonly address: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(String(word)) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || Number(digits) > 65535)
    throw new Error('--listen takes ADDRESS:PORT, such as 127.0.0.1:3636');
  return { address, port: Number(digits) };
}

function readInterval(word: unknown): number {
  if (typeof word === 'number' && word >= 1 && word <= 60) return word;
  throw new Error('--interval takes a number of seconds from 1 to 60');
}

function readPath(word: unknown): string {
  if (typeof word === 'string' && word.startsWith('/')) return word;
  throw new Error('--socket takes a path that begins with /');
}

/** Options of a page. */
export const pageOptions = {
  listen: {
    type: 'string',
    requiresArg: true,
    coerce: readListen,
    describe: 'such as 127.0.0.1:3636, with a token; others need --web.config.file; default: a socket',
  },
  socket: {
    type: 'string',
    requiresArg: true,
    default: defaultSocket,
    coerce: readPath,
    describe: 'the socket in the file system',
  },
  group: { type: 'string', requiresArg: true, describe: 'a group that may use the socket, too' },
  host: {
    type: 'string',
    array: true,
    default: [],
    describe: 'a host name under which the page is asked for; may be given several times',
  },
  'token-file': { type: 'string', requiresArg: true, describe: 'file with the token; one is made up by default' },
  'web.config.file': {
    type: 'string',
    requiresArg: true,
    describe: "file with certificates and users, in the format of Prometheus' exporters: for other addresses",
  },
  'allow-changes': { type: 'boolean', default: false, describe: 'drain, put back and set weights from the page' },
  'allow-edit': { type: 'boolean', default: false, describe: 'add, edit and remove services and servers, too' },
  document: {
    type: 'string',
    requiresArg: true,
    describe: 'a document whose difference to the table has a page of its own',
  },
  interval: {
    type: 'number',
    default: 2,
    requiresArg: true,
    coerce: readInterval,
    describe: 'seconds between two looks at the kernel while somebody watches',
  },
} as const satisfies OptionTable<PageOptions>;

/** Checks what goes together. @throws {Error} with what is wrong. */
export function checkPage({ listen, 'web.config.file': file }: OptionValues): true {
  const { address } = (listen ?? {}) as { readonly address?: string };
  if (file !== undefined && address === undefined) throw new Error('--web.config.file goes with --listen');
  if (address === undefined || loopback.test(address) || file !== undefined) return true;
  throw new Error(
    `${address} is for other machines, too: that needs certificates and users by --web.config.file; 127.0.0.1 needs none`,
  );
}

/** `ipvsadm web`: a page with the table. */
export const web = defineVerb<PageOptions>({
  name: 'web',
  options: pageOptions,
  examples: [
    [
      '$0 web',
      'at /run/ipvsadm/web.sock: ssh -L 3636:/run/ipvsadm/web.sock root@director, then http://localhost:3636/',
    ],
    ['$0 web --listen 127.0.0.1:3636', 'by TCP: the address with its token is printed'],
    ['$0 web --allow-changes', 'drain hosts from the page, too'],
  ],
  check: checkPage,
  run: (io, options) => reportFailures(io, 'apply', () => serve(io, options)),
});

async function serve(io: Io, options: PageOptions): Promise<number> {
  const ending = new Ending(io.machine);
  try {
    await servePage(io, options, ending.signal, () => io.machine.notify('READY=1'));
    await io.machine.notify('STOPPING=1');
    return 0;
  } finally {
    ending.stop();
  }
}

/**
 * Serves a page until a signal is aborted.
 * @param onReady called when it can be asked for.
 * @throws {IpvsError}
 */
export async function servePage(
  io: Io,
  options: PageOptions,
  signal: AbortSignal,
  onReady: () => Promise<void>,
): Promise<void> {
  const { WebApp } = await import('../web/app.js');
  const { Sampler } = await import('../web/sampler.js');
  const { Sessions, newToken } = await import('../web/sessions.js');
  const { serveWeb } = await import('../web/server.js');
  const { localHosts } = await import('../web/guard.js');
  const { machine, stdout, stderr } = io;
  const configFile = options['web.config.file'];
  const secured = configFile === undefined ? undefined : await readSecured(configFile, options);
  const isProved = secured?.users !== undefined || secured?.tls?.requestCert === true;
  const needsToken = options.listen !== undefined && !isProved;
  const token = needsToken ? (readToken(options.tokenFile) ?? newToken()) : undefined;
  const sessions = new Sessions(token, () => machine.clock.now());
  sessions.setUsers(secured?.users);
  const at: ListenAt = options.listen ?? { path: options.socket, group: groupOf(options.group) };
  const client = await connect(machine);
  const sampler = new Sampler(io, client, options.interval * 1000);
  const hosts = [...localHosts, ...options.host.map((name) => name.toLowerCase())];
  const app = new WebApp({
    sampler,
    sessions,
    sources: sourcesOf(io, options.document),
    actions: options.allowChanges || options.allowEdit ? tableActions({ io, client }) : undefined,
    edits: options.allowEdit ? editActions({ io, client }) : undefined,
    hosts,
    host: printable(hostname()),
    isSecure: secured?.tls !== undefined,
    seconds: options.interval,
    audit: (line) => void stderr.write(`${line}\n`),
    date: () => new Date(machine.date()).toISOString(),
  });
  try {
    const server = await serveWeb(at, { app, sampler, hosts }, secured?.tls);
    try {
      const shown = options.tokenFile === undefined && token !== undefined ? `?token=${token}` : '';
      await stdout.write(
        'path' in at
          ? `${at.path}\n`
          : `${secured?.tls === undefined ? 'http' : 'https'}://${urlHost(at.address)}:${server.port ?? at.port}/${shown}\n`,
      );
      await onReady();
      await keepSecured(io, configFile, secured, { server, sessions, signal });
    } finally {
      await server.close();
    }
  } finally {
    sampler.end();
    client.close();
  }
}

/** Milliseconds between two looks whether certificates and users are others. */
const configPause = 10_000;

/** @throws {ValueError} where an address for other machines would be open to all of them. */
async function readSecured(file: string, { listen }: Pick<PageOptions, 'listen'>): Promise<ReadConfig> {
  const { readConfigFile } = await import('../web/tls.js');
  const { openProblem } = await import('../web/web-config.js');
  const read = readConfigFile(file);
  const problem = openProblem(read.config);
  const isOpen = listen !== undefined && !loopback.test(listen.address);
  if (problem !== undefined && isOpen) throw new ValueError(`${file}: ${problem}`);
  return read;
}

/** Waits for the end; certificates and users that were changed count from then on, wrong ones are said and left. */
async function keepSecured(
  { machine, stderr, programName }: Io,
  file: string | undefined,
  secured: ReadConfig | undefined,
  {
    server,
    sessions,
    signal,
  }: { readonly server: WebServer; readonly sessions: Sessions; readonly signal: AbortSignal },
): Promise<void> {
  let state = secured?.state;
  while (!signal.aborted) {
    await machine.clock.sleep(configPause, signal);
    if (file === undefined || secured === undefined) continue;
    const { readConfigFile, stateOf } = await import('../web/tls.js');
    const { openProblem } = await import('../web/web-config.js');
    const present = stateOf(file, secured.config);
    if (present === state) continue;
    state = present;
    try {
      const read = readConfigFile(file);
      const problem = openProblem(read.config);
      if (problem !== undefined || read.tls === undefined) throw new ValueError(problem ?? 'tls_server_config is gone');
      server.renew(read.tls);
      sessions.setUsers(read.users);
      await stderr.write(`${programName}: took ${file}\n`);
    } catch (error) {
      await stderr.write(`${programName}: ${file} is not taken, the one before stays: ${(error as Error).message}\n`);
    }
  }
}

function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Shortest token that is taken from a file, in characters. */
const shortestToken = 20;

/** @throws {InputError} {ValueError} */
function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    // A group may: that is how systemd hands over what it was given.
    if ((statSync(file).mode & 0o027) !== 0) throw new StateError(`${file}: others may read or write it: chmod 600`);
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new InputError(file, cause);
  }
  if (/^[\w-]+$/.test(text) && text.length >= shortestToken) return text;
  throw new ValueError(`${file}: a token has ${shortestToken} letters, digits, dashes and underscores or more`);
}

/** The number of a group. @throws {ValueError} */
function groupOf(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  const number = Number(line?.split(':')[2]);
  if (Number.isInteger(number)) return number;
  throw new ValueError(`there is no group ${printable(name)}`);
}

/** What pages show of other verbs. */
function sourcesOf(io: Io, document: string | undefined): WebSources {
  return {
    difference:
      document === undefined
        ? undefined
        : async () => textOf(await runQuietly(io, diff, [document])) || 'The table is that of the document.',
    doctor: async () => textOf(await runQuietly(io, doctor, [])),
    connections: async (query) => {
      const words = ['--by', query.get('by') ?? 'client', '--top', '50'];
      for (const name of ['client', 'virtual', 'server']) {
        const value = query.get(name) ?? '';
        if (value !== '') words.push(`--${name}=${value}`);
      }
      return textOf(await runQuietly(io, connections, words));
    },
    metrics: async (accept) => {
      const isOpen = accept.includes('application/openmetrics-text');
      const { stdout } = await runQuietly(io, metrics, isOpen ? ['--openmetrics'] : []);
      const { healthMetrics } = await import('../web/health-metrics.js');
      const health = [...healthMetrics(await readSnapshots(io))].join('');
      const text = isOpen ? stdout.replace(/# EOF\n$/, `${health}# EOF\n`) : stdout + health;
      const type = isOpen
        ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
        : 'text/plain; version=0.0.4; charset=utf-8';
      return { text, type };
    },
    table: async () => (await runQuietly(io, status, ['--json'])).stdout,
  };
}

function textOf({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  return stdout + stderr;
}

/** Runs a verb for its output. @throws {ValueError} for words that it does not take. */
async function runQuietly(
  io: Io,
  verb: DefinedVerb,
  words: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  const output = (name: keyof typeof texts): Output => ({
    isTerminal: false,
    columns: 100,
    readerGone: false,
    write: (text) => {
      texts[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return Promise.resolve();
    },
  });
  const quiet = Object.create(io, {
    stdout: { value: output('stdout') },
    stderr: { value: output('stderr') },
  }) as Io;
  try {
    const values = readWords(verb, words);
    if (values !== 'help') await verb.run(quiet, values);
  } catch (error) {
    if (error instanceof UsageError) throw new ValueError(error.message);
    throw error;
  }
  return texts;
}
