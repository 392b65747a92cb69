/**
 * Small files that outlive a run, of this network namespace: below /run/ipvsadm, so that they are gone when the machine starts
 * again, as the kernel's table is. Names have letters, digits, dots and dashes.
 */
export interface StateFiles {
  /**
   * The text of a file.
   * @returns undefined where there is none.
   * @throws {StateError} where it can't be read, or others may have written it.
   */
  read(name: string): string | undefined;
  /**
   * Replaces a file, or makes it: who reads it meanwhile sees the old or the new text.
   * @param mode its rights, such as 0o600.
   * @throws {StateError} where it can't be written.
   */
  write(name: string, text: string, mode: number): void;
  /** The names that start so, sorted. @throws {StateError} where the directory can't be read. */
  list(prefix: string): string[];
  /** Removes a file, if it is there. @throws {StateError} */
  remove(name: string): void;
}
