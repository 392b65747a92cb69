import type { Protocol } from '../model/service.js';

/** Ports and their names by protocol, as /etc/services lists them. */
export interface ServiceNames {
  port(name: string, protocol: Protocol): number | undefined;
  name(port: number, protocol: Protocol): string | undefined;
}

/** Reads the text of /etc/services. Lines that are no entries are skipped; of several entries the first counts. */
export function parseServices(text: string): ServiceNames {
  const ports = new Map<string, number>();
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [name, place, ...aliases] = line
      .replace(/#.*/s, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    const [, port, protocol] = /^(\d{1,5})\/(\w+)$/.exec(place ?? '') ?? [];
    if (name === undefined || port === undefined || protocol === undefined || Number(port) > 65535) continue;
    const placeKey = `${Number(port)}/${protocol}`;
    if (!names.has(placeKey)) names.set(placeKey, name);
    for (const alias of [name, ...aliases]) {
      const nameKey = `${alias}/${protocol}`;
      if (!ports.has(nameKey)) ports.set(nameKey, Number(port));
    }
  }
  return {
    port: (name, protocol) => ports.get(`${name}/${protocol}`),
    name: (port, protocol) => names.get(`${port}/${protocol}`),
  };
}
