/** The right to apply a table in this network namespace; one process has it at a time. */
export interface TableLock {
  /** Gives it back. It also ends with the process, however that ends. */
  release(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How the lock is asked for. */
export interface LockOptions {
  /** Longest time to wait for whoever has it, in seconds; 0: not at all. */
  readonly waitSeconds: number;
  /** What others read that the lock is held for, such as `ipvsadm apply web.yaml`. */
  readonly purpose: string;
  /** Called once with who has the lock when it has to be waited for. */
  readonly onWait?: ((holder: string) => void) | undefined;
}
