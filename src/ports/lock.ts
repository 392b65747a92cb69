/** The right to apply a table in this network namespace; one process has it at a time. */
export interface TableLock {
  /** Releases the lock. The end of the process releases it too, however it ends. */
  release(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How the lock is requested. */
export interface LockOptions {
  /** Longest time to wait for its holder, in seconds; 0: not at all. */
  readonly waitSeconds: number;
  /** Purpose that is shown to others while the lock is held, such as `ipvsadm apply web.yaml`. */
  readonly purpose: string;
  /** Called once with a description of the holder when the lock has to be waited for. */
  readonly onWait?: ((holder: string) => void) | undefined;
}
