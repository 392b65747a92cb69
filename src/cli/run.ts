import { basename, extname } from 'node:path';
import type { Journal } from '../director/journal.js';
import { IpvsError } from '../errors.js';
import { reportFailures } from '../command/failure.js';
import { readConfigurationFile } from '../command/read-table-file.js';
import { readText } from '../command/read-text.js';
import type { StartCheck } from '../health/outcome.js';
import type { Io } from '../ports/io.js';
import { checkPage, pageOptions, servePage, type PageOptions } from './web.js';
import { defineVerb, type OptionValues } from './verb.js';

interface RunOptions extends PageOptions {
  file: string;
  name: string | undefined;
  check: boolean;
  json: boolean;
  trackFile: string | undefined;
  mostChecks: number;
  web: boolean;
}

/** Checks at a time, where nothing else is said. */
const defaultMostChecks = 1000;

/** A name that may be part of a file's name. */
const instanceName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/;

function readName(word: unknown): string {
  if (typeof word === 'string' && instanceName.test(word)) return word;
  throw new Error('--name takes letters, digits, dots and dashes, at most 64 and none of the last two first');
}

function readMost(word: unknown): number {
  if (typeof word === 'number' && Number.isInteger(word) && word >= 1 && word <= 10_000) return word;
  throw new Error('--most-checks takes a number from 1 to 10000');
}

function readPath(word: unknown): string {
  if (typeof word === 'string' && word.startsWith('/')) return word;
  throw new Error('--track-file takes a path that begins with /');
}

/** The name of a daemon where none is given: that of its document. */
export function instanceOf(file: string): string {
  const name = basename(file, extname(file)).replace(/[^A-Za-z0-9.-]/g, '-');
  return instanceName.test(name) ? name : 'default';
}

/** `ipvsadm run`: keeps the table that a document describes. */
export const run = defineVerb<RunOptions>({
  name: 'run',
  file: 'a document with checks; - for the standard input, with --check only',
  options: {
    name: {
      type: 'string',
      requiresArg: true,
      coerce: readName,
      describe: "name of this daemon, where several run; that of the file by default: its socket's and its state's",
    },
    check: { type: 'boolean', default: false, describe: 'make all checks once, show the results, and change nothing' },
    json: { type: 'boolean', default: false, describe: 'with --check: JSON with stable names' },
    'track-file': {
      type: 'string',
      requiresArg: true,
      coerce: readPath,
      describe: "file for keepalived's vrrp_track_file: minus the number of services that are in trouble",
    },
    'most-checks': {
      type: 'number',
      default: defaultMostChecks,
      requiresArg: true,
      coerce: readMost,
      describe: 'checks at a time',
    },
    web: { type: 'boolean', default: false, describe: 'serve a page, too, with the options of `ipvsadm web`' },
    ...pageOptions,
  },
  check: (values) => {
    const ofPage = Object.keys(pageOptions).find((name) => isGiven(values, name));
    if (values['web'] === true) checkPage(values);
    else if (ofPage !== undefined) throw new Error(`--${ofPage} goes with --web`);
    if (values['json'] === true && values['check'] !== true) throw new Error('--json goes with --check');
    if (values['file'] === '-' && values['check'] !== true)
      throw new Error('a document that is to be read again has to be a file; - goes with --check');
    return true;
  },
  examples: [
    ['$0 run --check web.yaml', 'make every check once: are the servers well, and the checks right?'],
    ['$0 run web.yaml', 'keep the table of the document until SIGTERM, which leaves it as it is'],
    ['$0 run --web --allow-changes web.yaml', 'with the page of ipvsadm web'],
    ['$0 run --track-file /run/ipvsadm/trouble web.yaml', 'beside keepalived, which has VRRP only'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', async () => {
      // No other verb needs what checks are made with.
      const { startCheck } = await import('../checkers/start-check.js');
      if (!options.check) return keep(io, startCheck, options);
      return (await import('./check-once.js')).checkOnce(io, startCheck, options);
    }),
});

async function keep(io: Io, start: StartCheck, options: RunOptions): Promise<number> {
  const { Daemon } = await import('../director/daemon.js');
  const { Journal } = await import('../director/journal.js');
  const { machine } = io;
  // journald takes the priority off the line; on a terminal it would be in the way.
  const journal = new Journal(io.stderr, (io.env['JOURNAL_STREAM'] ?? '') !== '');
  const daemon = new Daemon({
    instance: options.name ?? instanceOf(options.file),
    document: options.file,
    read: () => readConfigurationFile(io, options.file),
    start,
    machine,
    journal,
    salt: await readText(machine, '/etc/machine-id').catch(() => ''),
    trackFile: options.trackFile,
    mostChecks: options.mostChecks,
  });
  let begun: Promise<void> | undefined;
  let page: Promise<void> | undefined;
  const ended = new AbortController();
  const unsubscribe = machine.onSignal((signal) => {
    if (signal !== 'SIGHUP') daemon.stop();
    // One that comes while the document is read for the first time has nothing new to say.
    else void begun?.then(() => daemon.reload()).catch(() => undefined);
  });
  try {
    begun = daemon.begin();
    await begun;
    if (options.web) page = keepPage(io, options, ended.signal, journal);
    await daemon.run();
    journal.say('notice', 'ends; the table stays as it is');
    return 0;
  } finally {
    unsubscribe();
    await machine.notify('STOPPING=1');
    ended.abort();
    await page;
    await daemon.end();
  }
}

/** Serves a page beside the daemon. Checks go on without one: what is wrong with it is said. */
async function keepPage(io: Io, options: RunOptions, signal: AbortSignal, journal: Journal): Promise<void> {
  try {
    await servePage(io, { ...options, document: options.document ?? options.file }, signal, () => Promise.resolve());
  } catch (error) {
    if (!(error instanceof IpvsError)) throw error;
    journal.say('error', `there is no page: ${error.message}`);
  }
}

/** Whether an option of the page was given, and is not what it is by default. */
function isGiven(values: OptionValues, name: string): boolean {
  const key = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const value = values[key];
  const usual = (pageOptions as Readonly<Record<string, { readonly default?: unknown }>>)[name]?.default;
  return value !== undefined && value !== usual && !(Array.isArray(value) && value.length === 0);
}
