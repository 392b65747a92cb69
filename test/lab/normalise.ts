/**
 * What two runs one after the other can't agree on, whoever runs: the only place where the comparison looks away.
 * Every other byte of every output is compared.
 */
export type Normalisation = (text: string) => string;

/** `-c`: the time until a connection expires runs down between two listings. */
export const expiry: Normalisation = (text) =>
  text.replace(
    /^((?:TCP|UDP|IP|ICMP|SCTP) +)\d+:\d\d( )/gm,
    (_, before: string, after: string) => `${before}##:##${after}`,
  );

/**
 * The kernel's order of the services, which `--nosort` shows, and which decides between those that the original's way of
 * sorting has no order for: Linux 7 chooses it anew for every new table. The servers stay where they are.
 */
export const serviceOrder: Normalisation = (text) =>
  text
    .split(/^(?=IP Virtual Server |Timeout )/m)
    .map((section) => {
      const parts = section.split(/^(?=-A |(?:TCP|UDP|SCTP|FWM) )/m);
      const head = /^(?:IP Virtual|Timeout) /.test(section) ? parts.splice(0, 1) : [];
      return [...head, ...parts.sort()].join('');
    })
    .join('');

/** IPv6 addresses that have names in the labs. */
const namesOfIpv6: Readonly<Record<string, string>> = {
  vip6: '2001:db8::1',
  web6: '2001:db8::2',
  both: '2001:db8::8',
  'ip6-localhost': '::1',
};

/**
 * `-S` with names: ours writes numbers where a name can't be read back, allowed difference 15, shown by another suite. The
 * names of IPv6 addresses become numbers, and lines whose names the original cuts are left out.
 */
export const readableNames: Normalisation = (text) =>
  text
    .replace(/\[([a-z\d-]+)\]/g, (whole, name: string) =>
      name in namesOfIpv6 ? `[${namesOfIpv6[name] ?? ''}]` : whole,
    )
    .replace(/^.*(?:a-rather-long|sixty-three|10\.0\.0\.[47]:|2001:db8::3\]).*\n/gm, '');
