import { writeSync } from 'node:fs';
import { emitKeypressEvents, type Interface } from 'node:readline';
import type { Key, Terminal, TerminalEvents, TerminalSignal } from '../ports/terminal.js';

// Alternate screen, hidden cursor, no wrapping at the end of a line: xterm's private modes 1049, 25 and 7.
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const leave = '\u001b[?7h\u001b[?25h\u001b[0m\u001b[?1049l';

const endSignals: readonly TerminalSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Milliseconds that a lone Esc waits for the rest of a sequence. */
const escapeTimeout = 50;

/** What Node reports of a key. */
interface Pressed {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** Names of keys that Node calls otherwise, or by their sequence. */
const keyNames: ReadonlyMap<string, Key> = new Map([
  ['return', 'enter'],
  ['\u007f', 'backspace'],
]);

function keyOf(text: string | undefined, { name, ctrl, meta }: Pressed): Key | undefined {
  if (ctrl === true) return name === undefined ? undefined : `ctrl-${name}`;
  if (meta === true && name !== 'escape') return undefined;
  // A character as typed, which tells capitals; control characters have names.
  if (text !== undefined && /^[^\p{Cc}]$/u.test(text)) return text;
  return name === undefined ? undefined : (keyNames.get(name) ?? name);
}

/**
 * Takes over the terminal of this process: its screen, its keys and its signals. However the process ends, short of
 * SIGKILL, the terminal is left as it was found.
 * @returns undefined where standard input and output are not a terminal.
 */
export function openTerminal({ onKey, onRedraw, onSignal }: TerminalEvents): Terminal | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  let isOpen = false;

  /** At once, whatever state streams are in. A terminal that is gone can't be written to, nor needs it. */
  const put = (text: string): void => {
    try {
      writeSync(1, text);
    } catch {
      // Nobody sees it.
    }
  };
  const open = (): void => {
    if (isOpen) return;
    isOpen = true;
    stdin.setRawMode(true);
    stdin.resume();
    put(enter);
  };
  const restore = (): void => {
    if (!isOpen) return;
    isOpen = false;
    put(leave);
    try {
      stdin.setRawMode(false);
    } catch {
      // It is gone.
    }
    stdin.pause();
  };
  const pressed = (text: string | undefined, key: Pressed): void => {
    const name = keyOf(text, key);
    if (name !== undefined) onKey(name);
  };
  // Stopped by SIGSTOP, which can't be handled: a handler of SIGTSTP has taken that one's effect away.
  const stop = (): void => {
    restore();
    process.kill(process.pid, 'SIGSTOP');
  };
  const goOn = (): void => {
    open();
    onRedraw();
  };
  const failed = (): void => {
    onSignal('SIGHUP');
  };

  // Of an interface only this is read; the default is half a second.
  emitKeypressEvents(stdin, { escapeCodeTimeout: escapeTimeout } as unknown as Interface);
  stdin.on('keypress', pressed).on('error', failed).on('end', failed);
  stdout.on('resize', onRedraw);
  process.on('SIGTSTP', stop).on('SIGCONT', goOn).on('exit', restore).on('uncaughtExceptionMonitor', restore);
  for (const signal of endSignals) process.on(signal, onSignal);
  open();

  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    async write(text) {
      if (isOpen)
        await new Promise<void>((resolve) => {
          stdout.write(text, () => {
            resolve();
          });
        });
    },
    suspend() {
      // As the terminal does it: everything that runs in front, such as a shell around this program.
      process.kill(0, 'SIGTSTP');
    },
    close() {
      restore();
      stdin.off('keypress', pressed).off('error', failed).off('end', failed);
      stdout.off('resize', onRedraw);
      process.off('SIGTSTP', stop).off('SIGCONT', goOn).off('exit', restore).off('uncaughtExceptionMonitor', restore);
      for (const signal of endSignals) process.off(signal, onSignal);
    },
  };
}
