import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether there is a tmux, which gives programs a real terminal whose screen can be read. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** Milliseconds after which what was not shown will not be. */
const patience = 10_000;

/** A terminal of its own, with a shell in it. */
export class Tmux {
  readonly #directory = mkdtempSync(join(tmpdir(), 'ipvsadm-tmux-'));

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>>, shell = 'sh -i') {
    const size = ['-x', String(columns), '-y', String(rows)];
    const settings = Object.entries({ LC_ALL: 'C.UTF-8', PS1: '$ ', ...env }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    this.#run(['new-session', '-d', ...size, ...settings, shell]);
    this.#run(['set', '-g', 'status', 'off']);
    this.#run(['set', '-g', 'escape-time', '0']);
    this.resize(columns, rows);
  }

  #run(words: readonly string[]): string {
    const argv = ['-S', join(this.#directory, 'socket'), '-f', '/dev/null', ...words];
    // Programs in it are no tests: they must not report to a test runner.
    const env = { ...process.env, LC_ALL: 'C.UTF-8', NODE_TEST_CONTEXT: undefined };
    const { status, stdout, stderr } = spawnSync('tmux', argv, { encoding: 'utf8', env });
    if (status !== 0) throw new Error(`tmux ${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  resize(columns: number, rows: number): void {
    this.#run(['resize-window', '-x', String(columns), '-y', String(rows)]);
  }

  /** Presses keys, by tmux's names. */
  press(...keys: readonly string[]): void {
    this.#run(['send-keys', ...keys]);
  }

  /** Types a line and Enter. */
  type(line: string): void {
    this.#run(['send-keys', '-l', line]);
    this.press('Enter');
  }

  /** What is on the screen, without blanks at the ends of lines. */
  screen(): string {
    return this.#run(['capture-pane', '-p']).replace(/ +$/gm, '').trimEnd();
  }

  /** Waits until the screen has a text. @throws {Error} with what it has instead. */
  async shows(text: string | RegExp): Promise<string> {
    const end = performance.now() + patience;
    for (;;) {
      const screen = this.screen();
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen;
      if (performance.now() > end) throw new Error(`the screen has no ${String(text)}:\n${screen}`);
      await sleep(30);
    }
  }

  /** Sends a signal to the programs that the shell has started. */
  signal(name: NodeJS.Signals): void {
    const shell = this.#run(['display-message', '-p', '#{pane_pid}']).trim();
    const children = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ');
    for (const child of children) process.kill(Number(child), name);
  }

  close(): void {
    try {
      this.#run(['kill-server']);
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }
}
