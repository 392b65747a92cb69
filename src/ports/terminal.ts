/** A key that was pressed: its name, such as `q`, `up`, `f10` or `ctrl-c`; a printable character is its own name. */
export type Key = string;

/** Signals that end a program on a terminal. */
export type TerminalSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** What happens on a terminal. */
export interface TerminalEvents {
  readonly onKey: (key: Key) => void;
  /** The size is another one, or the screen has to be drawn anew, as after the program was stopped and goes on. */
  readonly onRedraw: () => void;
  readonly onSignal: (signal: TerminalSignal) => void;
}

/** A terminal with a screen of its own for the time of a program. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Draws: text with the control sequences of the program's own. */
  write(text: string): Promise<void>;
  /** Leaves the terminal as it was found, and stops the program until it is continued, as Ctrl-Z does. */
  suspend(): void;
  /** Leaves the terminal as it was found. May be called twice. */
  close(): void;
}
