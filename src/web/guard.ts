// What is refused before anything is looked at: requests for other hosts, from other pages, and of other kinds; pure.

/** Headers of every answer. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // Not no-referrer: forms would have the origin `null`, and nobody could tell whose they are.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Largest body of a request, in bytes. */
export const longestBody = 64 * 1024;

/** What of a request decides whether it is taken. */
export interface Asked {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The name in the certificate that the client has proved to be. */
  readonly certificate?: string | undefined;
}

/** Why a request is not taken. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Hosts that a browser on the same machine, or behind `ssh -L`, has in its address. */
export const localHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** The host of the header `Host`, without its port. */
function hostOf(header: string): string {
  return header.replace(/:\d{1,5}$/, '').toLowerCase();
}

/**
 * Refuses what does not come from our own page.
 * @param hosts names under which the page may be asked for: a name that somebody points at this address is not among them.
 */
export function refuse({ method, headers }: Asked, hosts: readonly string[]): Refusal | undefined {
  const { host, origin } = headers;
  if (host === undefined || !hosts.includes(hostOf(host)))
    return { status: 421, reason: 'this host name is not known here: start ipvsadm web with --host NAME' };
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (method !== 'POST') return { status: 405, reason: 'only GET, HEAD and POST' };
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return { status: 403, reason: 'the form is of another page' };
  if (site === undefined && origin?.replace(/^https?:\/\//, '') !== host)
    return { status: 403, reason: 'the form does not say which page it is of' };
  if (!(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'))
    return { status: 415, reason: 'forms only' };
  return undefined;
}
