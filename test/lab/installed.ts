import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { referencePath, Shell, type Invocation, type Program, type Result, quote } from './reference.js';

/**
 * Our programs as they are installed: links in a directory that comes first in PATH. A start costs a third of a second,
 * so this is for what can't be seen otherwise.
 */
export class Installed implements Program {
  readonly name = 'ours, installed';
  readonly #shell: Shell;

  constructor() {
    // Node is in a directory of Debian's or in one that is named here: the programs look it up.
    const directory = installPrograms();
    this.#shell = new Shell(`${directory}:${referencePath}:${dirname(process.execPath)}`);
  }

  run(invocations: readonly Invocation[]): Promise<Result[]> {
    return this.#shell.run(invocations, ({ programName }) => quote(programName ?? 'ipvsadm'));
  }

  close(): void {
    this.#shell.close();
  }
}

/** Links the built programs into a directory, as `npm install -g` does. @returns the directory. */
export function installPrograms(): string {
  const directory = '/run/ipvsadm-installed/sbin';
  mkdirSync(directory, { recursive: true });
  for (const name of ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore']) {
    symlinkSync(resolve('dist/bin', `${name}.cjs`), join(directory, name));
  }
  return directory;
}
