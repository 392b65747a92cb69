/** The path to a part of a table as in a document: names of members, numbers of items from 0. */
export type Path = readonly (string | number)[];

/** Something wrong with a table. */
export interface TableProblem {
  readonly path: Path;
  /** What was expected and what was found; may hold any characters of the input. */
  readonly message: string;
}

/** A path as people write it: `services[0].servers[1].port`; empty for the whole table. */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${step}`),
    '',
  );
}
