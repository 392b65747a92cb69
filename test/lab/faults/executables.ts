import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { referencePath, Shell } from '../reference.js';

/** What a line of shell leaves behind. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Lines of shell in which our executables are found by name, and the original as /sbin/ipvsadm. */
export class Executables {
  readonly #shell: Shell;

  constructor() {
    const directory = mkdtempSync(join(tmpdir(), 'installed-'));
    for (const name of ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore']) {
      symlinkSync(resolve('dist/bin', `${name}.cjs`), join(directory, name));
    }
    this.#shell = new Shell(`${directory}:${referencePath}:${dirname(process.execPath)}`);
  }

  /** Puts a file into the directory that the lines run in. */
  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.#shell.directory, name), content);
  }

  async run(line: string): Promise<Outcome> {
    await this.#shell.script(`( ${line} ) </dev/null >stdout 2>stderr; echo $? >status`);
    const read = (name: string): string => readFileSync(join(this.#shell.directory, name), 'latin1');
    return { stdout: read('stdout'), stderr: read('stderr'), status: Number(read('status')) };
  }

  /** The whole table as the original reads it. */
  async table(): Promise<string> {
    const { stdout, stderr, status } = await this.run('/sbin/ipvsadm -Sn && /sbin/ipvsadm -Ln --thresholds');
    assert.deepEqual({ stderr, status }, { stderr: '', status: 0 });
    return stdout;
  }

  close(): void {
    this.#shell.close();
  }
}
