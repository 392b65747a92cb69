import { basename, extname } from 'node:path';
import { reportFailures } from '../command/failure.js';
import { readConfigurationFile } from '../command/read-table-file.js';
import { readText } from '../command/read-text.js';
import type { StartCheck } from '../health/outcome.js';
import type { Io } from '../ports/io.js';
import { defineVerb } from './verb.js';

interface RunOptions {
  file: string;
  name: string | undefined;
  check: boolean;
  json: boolean;
  trackFile: string | undefined;
  mostChecks: number;
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
  },
  check: (values) => {
    if (values['json'] === true && values['check'] !== true) throw new Error('--json goes with --check');
    if (values['file'] === '-' && values['check'] !== true)
      throw new Error('a document that is to be read again has to be a file; - goes with --check');
    return true;
  },
  examples: [
    ['$0 run --check web.yaml', 'make every check once: are the servers well, and the checks right?'],
    ['$0 run web.yaml', 'keep the table of the document until SIGTERM, which leaves it as it is'],
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
  const unsubscribe = machine.onSignal((signal) => {
    if (signal !== 'SIGHUP') daemon.stop();
    // One that comes while the document is read for the first time has nothing new to say.
    else void begun?.then(() => daemon.reload()).catch(() => undefined);
  });
  try {
    begun = daemon.begin();
    await begun;
    await daemon.run();
    journal.say('notice', 'ends; the table stays as it is');
    return 0;
  } finally {
    unsubscribe();
    await machine.notify('STOPPING=1');
    await daemon.end();
  }
}
