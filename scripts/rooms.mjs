// The rooms of the sources, in the order in which they may import: each only from those before it. `npm run rooms` writes
// the table of them into CONTRIBUTING.md; test/unit/rooms.test.ts holds both.

/** @type {readonly (readonly [name: string, purpose: string])[]} */
export const rooms = [
  ['text', 'small functions on text and bytes: what may be printed, error numbers, fast writing; knows no IPVS'],
  ['errors', 'every error that is thrown on purpose, with its code'],
  ['version', 'the version and its date'],
  ['model', 'services, servers, changes and whole tables as plain data, with units, ranges and limits; pure'],
  ['plan', 'two tables in, their difference and the way between them out; pure'],
  ['ports', 'types of what a run may touch: streams, files, clock, sockets, names, lock'],
  ['wire', 'the model to netlink messages and back, by tables; pure'],
  ['socket', 'bytes to the kernel and back; alone knows the netlink package'],
  ['client', '`IpvsClient`: changes and queries in, replies and typed errors out'],
  ['names', 'names of addresses and ports for a listing, looked up together'],
  ['grammar', 'the classic command line as a language: words in, a command or a usage error out; pure'],
  ['format', 'data in, text for people or JSON out; pure'],
  ['documents', 'tables to documents and rule dumps and back, with what is wrong and where; pure'],
  ['table', 'whole tables of the kernel: read, apply, drain'],
  ['health', 'results of checks and the clock to states, and to the table that follows from them; pure'],
  ['checkers', 'ask real servers how they are; the only room that connects to them'],
  ['doctor', 'facts about a host in, findings out; pure'],
  ['command', 'carries commands out; an error becomes a text and an exit status here'],
  ['director', 'the daemon of `run`: makes checks when they are due, and the table that follows from them'],
  ['web', 'the page: requests in, HTML and JSON out; what changes the table is handed to it'],
  ['cli', 'the verbs, a file each, and the words after them'],
  ['main', 'the classic command line: arguments in, an exit status out'],
  ['edge', 'the real streams, files, processes, names and lock'],
  ['bin', 'the programs: the first word decides between a verb and the classic command line'],
  ['testing', 'a kernel in memory for the tests of programs that use the library'],
  ['index', 'the library'],
];

/** Files with a room of their own, as they are in the table. */
const files = new Set(['errors', 'version', 'main', 'index']);

const begin = '<!-- rooms: npm run rooms -->\n';
const end = '<!-- end of rooms -->\n';

/**
 * CONTRIBUTING.md with the table of rooms in it.
 * @param {string} text
 */
export function withRooms(text) {
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) throw new Error('CONTRIBUTING.md has no place for the table of rooms');
  const rows = rooms.map(([name, purpose]) => {
    const place = name === 'bin' ? 'bin' : `src/${name}${files.has(name) ? '.ts' : ''}`;
    return [`\`${place}\``, purpose];
  });
  const width = Math.max(...rows.map(([place = '']) => place.length));
  const widest = Math.max(...rows.map(([, purpose = '']) => purpose.length));
  const line = (/** @type {string} */ place, /** @type {string} */ purpose) =>
    `| ${place.padEnd(width)} | ${purpose.padEnd(widest)} |\n`;
  const table =
    line('room', 'what comes in and goes out') +
    `| ${'-'.repeat(width)} | ${'-'.repeat(widest)} |\n` +
    rows.map(([place = '', purpose = '']) => line(place, purpose)).join('');
  return `${text.slice(0, from)}\n${table}\n${text.slice(to)}`;
}
