import { describeEndpoint } from '../model/service.js';
import { printable } from '../text/printable.js';
import type { TextWriter } from '../text/text-writer.js';
import type { ConnectionLine, EndName } from './connections.js';

const colon = 58;

/** Columns of the listing with their widths; the server comes last. */
const titles = [
  ['Prot', 4],
  ['State', 17],
  ['Expires', 8],
  ['Client', 21],
  ['Virtual', 21],
  ['Server', 0],
] as const;

/** What a template has in place of a state: it is no connection. */
export const templateText = 'template';

/** The line above the connections. */
export function connectionTitles(): string {
  return `${titles.map(([title, width]) => title.padEnd(width)).join(' ')}\n`;
}

function writeEnd(out: TextWriter, line: ConnectionLine, end: EndName): void {
  const ipv4 = line.ipv4(end);
  if (Number.isNaN(ipv4)) {
    out.text(describeEndpoint(line.end(end)));
    return;
  }
  out.ipv4(ipv4);
  out.byte(colon);
  out.number(line.port(end));
}

/** Appends an entry of the connection table for people. A template has no client port, as it is about all of them. */
export function writeConnectionRow(out: TextWriter, line: ConnectionLine): void {
  const isTemplate = line.isTemplate;
  const cells: readonly (() => void)[] = [
    () => {
      out.text(printable(line.protocol));
    },
    () => {
      out.text(isTemplate ? templateText : printable(line.state));
    },
    () => {
      out.number(Math.floor(line.expires / 60), 2);
      out.byte(colon);
      out.number(line.expires % 60, 2);
    },
    () => {
      if (isTemplate) out.text(line.end('client').address);
      else writeEnd(out, line, 'client');
    },
    () => {
      writeEnd(out, line, 'virtual');
    },
    () => {
      writeEnd(out, line, 'server');
    },
  ];
  for (const [index, [, width]] of titles.entries()) {
    if (index > 0) out.text(' ');
    const start = out.length;
    cells[index]?.();
    out.padEnd(start, width);
  }
  const { engine } = isTemplate ? line.connection() : {};
  if (engine !== undefined) out.text(` ${printable(`${engine.name} ${engine.data}`)}`);
  out.text('\n');
}
