// Who may look by TLS: the file that Prometheus' exporters have for it, so that one file does for all of them.
// Format: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md

import { load } from 'js-yaml';
import * as v from 'valibot';
import { ValueError } from '../errors.js';
import { printable } from '../text/printable.js';

const path = v.pipe(v.string('a path'), v.minLength(1, 'a path'));

/** Versions of TLS by their names there. */
const versions = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

/** How a client has to prove who it is, by the names of Go. */
const clientAuth = ['NoClientCert', 'RequireAndVerifyClientCert'] as const;

/** What is read; what there is beside is refused, since it would not be heeded. */
const schema = v.strictObject({
  tls_server_config: v.optional(
    v.strictObject({
      cert_file: path,
      key_file: path,
      client_ca_file: v.optional(path),
      client_auth_type: v.optional(v.picklist(clientAuth, `one of ${clientAuth.join(', ')}`), 'NoClientCert'),
      min_version: v.optional(v.picklist(['TLS12', 'TLS13'], 'TLS12 or TLS13'), 'TLS12'),
    }),
  ),
  basic_auth_users: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[^:\p{Cc}]{1,128}$/u, 'a name without colon')),
      v.pipe(
        v.string(),
        v.regex(
          /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/,
          'a password hashed by bcrypt, as htpasswd -nBC 10 USER prints it',
        ),
      ),
    ),
    {},
  ),
});

/** Certificates of a server, and what its clients have to prove. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Undefined: clients need no certificate. */
  readonly clientAuthority: string | undefined;
  readonly minimumVersion: (typeof versions)[keyof typeof versions];
}

/** Who may look, and by which certificates. */
export interface WebConfig {
  readonly tls: TlsFiles | undefined;
  /** Hashes of passwords by the names of users. */
  readonly users: ReadonlyMap<string, string>;
}

/** Reads such a file. @param source its name in messages. @throws {ValueError} */
export function readWebConfig(text: string, source: string): WebConfig {
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    throw new ValueError(`${source}: ${printable((error as Error).message)}`);
  }
  const { success, output, issues } = v.safeParse(schema, value ?? {});
  if (!success) {
    const [issue] = issues;
    const place = v.getDotPath(issue) ?? '';
    throw new ValueError(`${source}: ${printable(place)}: ${printable(issue.message)}`);
  }
  const { tls_server_config: tls, basic_auth_users: users } = output;
  if (tls?.client_auth_type === 'RequireAndVerifyClientCert' && tls.client_ca_file === undefined)
    throw new ValueError(`${source}: tls_server_config: client_ca_file is missing for client_auth_type`);
  return {
    tls: tls && {
      certificate: tls.cert_file,
      key: tls.key_file,
      clientAuthority: tls.client_auth_type === 'NoClientCert' ? undefined : tls.client_ca_file,
      minimumVersion: versions[tls.min_version],
    },
    users: new Map(Object.entries(users)),
  };
}

/** Why a page may not be served to other machines; undefined: it may. */
export function openProblem({ tls, users }: WebConfig): string | undefined {
  if (tls === undefined) return 'tls_server_config is missing: other machines are served by TLS only';
  if (users.size === 0 && tls.clientAuthority === undefined)
    return 'nobody has to prove who they are: add basic_auth_users, or client_ca_file with client_auth_type';
  return undefined;
}
