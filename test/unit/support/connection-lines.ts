/** The first line of `/proc/net/ip_vs_conn`. */
export const connectionHead = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';

/** An end as the kernel writes it. */
function endText(end: string): string {
  const [, address = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(end) ?? [];
  const number = Number(port).toString(16).toUpperCase().padStart(4, '0');
  if (address.includes(':')) return `[${address}] ${number}`;
  const bytes = address.split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'));
  return `${bytes.join('')} ${number}`;
}

/** A line of it, such as of `TCP 203.0.113.7:4711 192.0.2.10:80 10.0.1.2:8080 ESTABLISHED 899`. */
export function connectionText(words: string): string {
  const [protocol = '', client = '', virtual = '', server = '', state = '', expires = '', ...engine] = words.split(' ');
  const rest = engine.length === 0 ? '' : ` ${engine.join(' ')}`;
  return `${protocol.padEnd(3)} ${endText(client)} ${endText(virtual)} ${endText(server)} ${state.padEnd(11)} ${expires.padStart(7)}${rest}\n`;
}

/** The whole text. */
export function connectionTableText(lines: readonly string[]): string {
  return connectionHead + lines.map(connectionText).join('');
}
