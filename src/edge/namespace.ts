import { spawn } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { systemErrorText } from '../text/errno-text.js';
import { printable } from '../text/printable.js';
import { namespaceOption, splitNamespace } from './namespace-words.js';

// Node can't enter a network namespace: the program starts itself once more inside it, by util-linux' nsenter.

/** PATH is not used: what root runs must not depend on who set it. */
const nsenter = '/usr/bin/nsenter';

/** Type of the file system that namespaces are files of. Source: NSFS_MAGIC in include/uapi/linux/magic.h. */
const namespaceFileSystem = 0x6e736673;

/** Exit status where the namespace can't be entered. */
const failure = 2;

/** The file of a namespace: that of `ip netns` for a name, else the path itself, such as `/proc/1234/ns/net`. */
export function namespaceFile(name: string): string {
  return name.includes('/') ? name : `/run/netns/${name}`;
}

/** Why a file is no namespace that can be entered; undefined where it is one. */
function problemOf(file: string): string | undefined {
  try {
    return statfsSync(file).type === namespaceFileSystem ? undefined : 'it is no network namespace';
  } catch (error) {
    return systemErrorText(error);
  }
}

/**
 * Runs this program once more, inside the namespace that its words ask for, and ends this process with its exit status.
 * Signals are handed on: who ends this process ends that one.
 */
export async function runInNamespace(programName: string): Promise<never> {
  const { name, words } = splitNamespace(process.argv.slice(2));
  const fail = (message: string): never => {
    process.stderr.write(`${programName}: ${printable(message)}\n`);
    process.exit(failure);
  };
  if (name === undefined || name === '')
    return fail(`${namespaceOption} takes the name of a network namespace, or its path`);
  const file = namespaceFile(name);
  const problem = problemOf(file);
  if (problem !== undefined) return fail(`network namespace ${name}: ${file}: ${problem}`);
  const script = process.argv[1] ?? '';
  const child = spawn(nsenter, [`--net=${file}`, '--', process.execPath, ...process.execArgv, script, ...words], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
    // Those of the terminal reach the child by themselves; twice does no harm.
    process.on(signal, () => child.kill(signal));
  }
  return new Promise<never>(() => {
    child.once('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      fail(`network namespace ${name}: ${missing ? `${nsenter} is missing: install util-linux` : error.message}`);
    });
    child.once('close', (status, signal) => {
      process.exit(signal === null ? (status ?? failure) : 128 + constants.signals[signal]);
    });
  });
}
