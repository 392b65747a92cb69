import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceOrder } from './normalise.js';

/** One call of a program. */
export interface Invocation {
  readonly argv: readonly string[];
  /** Standard input; nothing at all when absent. */
  readonly stdin?: string | Uint8Array | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** argv[0] of the program, which its messages repeat; `ipvsadm` when absent. */
  readonly programName?: string | undefined;
}

/** What a program leaves behind. Texts hold one character per byte (latin1), so that comparing them compares bytes. */
export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Something that takes the arguments of ipvsadm: the reference, ours in this process, ours as an executable. */
export interface Program {
  readonly name: string;
  /** Runs the invocations one after the other. */
  run(invocations: readonly Invocation[]): Promise<Result[]>;
}

/** The reference's own rule words, one command each, as `-R` takes them: no word may hold a blank. */
export type Rules = readonly (readonly string[])[];

/** What the reference reads of the table, and what it had to say about the rules run afterwards. */
export interface Stage {
  readonly table: string;
  readonly complaints: string;
}

/**
 * What a script must never take: one of a hundred commands takes two minutes where a start of Node takes over a second.
 * A lab that hangs is ended by its own time limit long after this.
 */
const scriptSeconds = 600;

/** Where Debian puts the reference. Ours can't be meant by mistake: neither the build nor node_modules is in it. */
export const referencePath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** The whole table as the reference reads it. */
const tableCommands: Rules = [['-Sn'], ['-Ln', '--thresholds'], ['-L', '--timeout'], ['-L', '--daemon']];

/**
 * An empty table, no daemon, and the kernel's own timeouts. With a service for a moment: with the first one Linux 7.2 makes the
 * table of connections, whose size listings show.
 */
const resetCommands: Rules = [
  ['-C'],
  ['-A', '-f', '1', '-s', 'rr'],
  ['-C'],
  ['--stop-daemon', 'master'],
  ['--stop-daemon', 'backup'],
  ['--set', '900', '120', '300'],
];

/** What `--stop-daemon` says during a reset of a table that has none. */
const noDaemon = 'No daemon is running\n';

/**
 * A small shell that runs programs for this process: a fork of Node costs a tenth of a second in user-mode Linux, one of
 * dash some milliseconds.
 */
export class Shell {
  readonly directory: string;
  readonly #shell: ChildProcessWithoutNullStreams;
  #heard = '';
  #wake: (() => void) | undefined;
  #ended = false;
  #busy = false;
  #serial = 0;

  /** @param prefix the words that start it somewhere else, such as in a network namespace. */
  constructor(path: string = referencePath, ...prefix: readonly string[]) {
    this.directory = mkdtempSync(join(process.env['TMPDIR'] ?? '/tmp', 'reference-'));
    const [program, ...words] = [...prefix, '/bin/sh', '-s'];
    this.#shell = spawn(program, words, { env: { PATH: path, HOME: '/' }, cwd: this.directory });
    this.#shell.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.#heard += text;
      this.#wake?.();
    });
    this.#shell.stderr.pipe(process.stderr);
    this.#shell.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** Runs a script and returns what it printed. */
  async script(text: string): Promise<string> {
    // node:test starts with the first tests while a file still waits for something at its top level.
    if (this.#busy) throw new Error('one script at a time: prepare the shell before the first table');
    this.#busy = true;
    this.#serial += 1;
    const mark = `--- end of script ${this.#serial}\n`;
    this.#shell.stdin.write(`${text}\necho '${mark.trimEnd()}'\n`);
    const deadline = setTimeout(() => this.#shell.kill('SIGKILL'), scriptSeconds * 1000);
    while (!this.#heard.endsWith(mark)) {
      if (this.#ended)
        throw new Error(`the shell ended or hung during this script:\n${text}\nafter printing:\n${this.#heard}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    clearTimeout(deadline);
    const printed = this.#heard.slice(0, -mark.length);
    this.#heard = '';
    this.#busy = false;
    return printed;
  }

  /** Runs programs one after the other; `command` gives the words that start each. */
  async run(invocations: readonly Invocation[], command: (invocation: Invocation) => string): Promise<Result[]> {
    const lines = invocations.map((invocation, index) => {
      if (invocation.stdin !== undefined) writeFileSync(join(this.directory, `${index}.in`), invocation.stdin);
      const input = invocation.stdin === undefined ? '/dev/null' : `${index}.in`;
      const env = Object.entries(invocation.env ?? {}).map(([name, value]) => `${name}=${quote(value)} `);
      const words = invocation.argv.map(quote).join(' ');
      const call = `${env.join('')}${command(invocation)} ${words} <${input} >${index}.out 2>${index}.err`;
      return `${call}; echo $?`;
    });
    const statuses = (await this.script(lines.join('\n'))).trimEnd().split('\n');
    return invocations.map((_, index) => ({
      stdout: this.#read(`${index}.out`),
      stderr: this.#read(`${index}.err`),
      status: Number(statuses[index]),
    }));
  }

  #read(file: string): string {
    return readFileSync(join(this.directory, file), 'latin1');
  }

  close(): void {
    this.#shell.stdin.end();
  }
}

/** The original ipvsadm. */
export class Reference implements Program {
  readonly name = 'reference';
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  run(invocations: readonly Invocation[]): Promise<Result[]> {
    return this.#shell.run(invocations, commandWord);
  }

  /** Reads the table, empties it and fills it by the rules: one process instead of one per command. */
  async stage(rules: Rules): Promise<Stage> {
    const [result] = await this.run([{ argv: ['-R'], stdin: asText(tableCommands) + stageText(rules) }]);
    if (result === undefined) throw new Error('the reference gave no result');
    return { table: serviceOrder(result.stdout), complaints: result.stderr.replaceAll(noDaemon, '') };
  }

  /** Restores rules into the table that there is and reads it, all by one process. */
  async restoreAndShow(rules: string): Promise<Stage> {
    const [result] = await this.run([{ argv: ['-R'], stdin: rules + asText(tableCommands) }]);
    if (result === undefined) throw new Error('the reference gave no result');
    return { table: serviceOrder(result.stdout), complaints: result.stderr };
  }

  /** Reads the table and leaves it alone. */
  async table(): Promise<string> {
    const [result] = await this.run([{ argv: ['-R'], stdin: asText(tableCommands) }]);
    if (result?.stderr !== '') throw new Error(`the reference can't read the table: ${result?.stderr ?? ''}`);
    return serviceOrder(result.stdout);
  }
}

/** What `-R` needs to make a table of rules and nothing else, whatever is there. */
export function stageText(rules: Rules): string {
  return asText([...resetCommands, ...rules]);
}

function commandWord({ programName }: Invocation): string {
  return quote(programName ?? 'ipvsadm');
}

/** Rules as the lines of a file for `-R`. */
export function asText(rules: Rules): string {
  return rules.map((words) => `${words.join(' ')}\n`).join('');
}

/** A word for the shell. */
export function quote(word: string): string {
  return /^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
