// Whom a check of a server asks. Equal questions are asked once, however many services have the server; pure.

import { createHash } from 'node:crypto';
import type { Check } from '../documents/health-schema.js';
import type { ServerKey } from '../model/server.js';
import { isFirewallMark, type ServiceKey } from '../model/service.js';
import type { CheckTarget } from './outcome.js';

/** Whether a program is told which service is meant. */
function tellsService(check: Check): boolean {
  return check.type === 'exec' && check.command.some((word) => /%[vV]/.test(word));
}

/** Whom a check of a server asks. */
export function targetOf(check: Check, key: ServiceKey, server: ServerKey): CheckTarget {
  const { address = server.address, port = server.port } = check;
  const family = address.includes(':') ? 'inet6' : 'inet';
  if (!tellsService(check)) return { check, family, address, port };
  const virtual = isFirewallMark(key)
    ? { address: String(key.fwmark), port: 0 }
    : { address: key.address, port: key.port };
  return { check, family, address, port, virtual };
}

/** Digests of checks: thousands of servers share one. */
const digests = new WeakMap<Check, string>();

function digestOf(check: Check): string {
  let digest = digests.get(check);
  if (digest === undefined) {
    // 96 bits: no two checks of a document have the same one.
    digest = createHash('sha256').update(JSON.stringify(check)).digest('hex').slice(0, 24);
    digests.set(check, digest);
  }
  return digest;
}

/** A target's identity: the same for equal checks of equal hosts, in other services and in another reading of a document. */
export function targetId({ check, address, port, virtual }: CheckTarget): string {
  const service = virtual === undefined ? '' : ` ${virtual.address} ${virtual.port}`;
  return `${address} ${port}${service} ${digestOf(check)}`;
}

/** A number from 0 up to 1 that a text always has, spread evenly: FNV-1a of its bytes. */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // The low bits of FNV are mixed worse than the high ones.
  hash ^= hash >>> 15;
  return (Math.imul(hash, 0x2c1b3c6d) >>> 0) / 2 ** 32;
}

/** What a check does, for people: `http /healthz`, `tcp`, `exec /usr/local/bin/is-master`. */
export function describeCheck(check: Check): string {
  switch (check.type) {
    case 'http':
      return `${check.tls === undefined ? 'http' : 'https'} ${check.host ?? ''}${check.path}`;
    case 'tcp':
      return check.tls === undefined ? 'tcp' : 'tls';
    case 'dns':
      return `dns ${check.name} ${check.recordType}`;
    case 'grpc':
      return `grpc ${check.service}`.trimEnd();
    case 'exec':
      return `exec ${check.command[0] ?? ''}`;
    default:
      return check.type;
  }
}
