import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext, type ConnectionOptions, type SecureVersion } from 'node:tls';
import { InputError, ValueError } from '../errors.js';
import { textOf } from './failures.js';
import { perCheck, type CheckOf } from './target.js';

/** Settings of TLS as they stand in a check. */
export type TlsSettings = NonNullable<CheckOf<'http'>['tls']>;

/** Node.js's names of versions. */
const versions: Readonly<Record<NonNullable<TlsSettings['minimumVersion']>, SecureVersion>> = {
  '1.0': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
};

/** OpenSSL's default level of security has no older version than 1.2. */
const oldCiphers = 'DEFAULT:@SECLEVEL=0';

/** Where distributions have the authorities that the system trusts: Debian and Alpine, Fedora, SUSE. */
const systemFiles: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

/** The system's authorities; undefined where it has none: Node.js's own then. */
function systemAuthorities(): Buffer | undefined {
  for (const path of systemFiles) {
    try {
      return readFileSync(path);
    } catch {
      // Another distribution.
    }
  }
  return undefined;
}

function fileOf(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new InputError(path, cause);
  }
}

/** The context is what takes long to make; the files are read with it. */
const contextOf = perCheck(({ verify, ca, certificate, key, minimumVersion }: TlsSettings) => {
  const isOld = minimumVersion === '1.0' || minimumVersion === '1.1';
  const authorities = ca === undefined && verify ? systemAuthorities() : fileOf(ca);
  const files = { ca: authorities, cert: fileOf(certificate), key: fileOf(key) };
  try {
    return createSecureContext({
      ...files,
      ...(minimumVersion === undefined ? {} : { minVersion: versions[minimumVersion] }),
      ...(isOld ? { ciphers: oldCiphers } : {}),
    });
  } catch (cause) {
    const names = [ca, certificate, key].filter((name) => name !== undefined).join(', ');
    throw new ValueError(`can't use ${names}: ${textOf(cause)}`);
  }
});

/** The name of a host without its port. */
function nameOnly(host: string): string {
  return /^\[(.*)\](?::\d*)?$/.exec(host)?.[1] ?? (isIP(host) === 6 ? host : host.replace(/:\d*$/, ''));
}

/**
 * What TLS is begun with. No session is resumed: a whole handshake is what is being checked.
 * @param settings undefined: the defaults.
 * @param host name that the server is asked for where the settings have none.
 * @param address what it has to prove where there is no name at all.
 * @param protocols what is offered where the settings say nothing.
 * @throws {InputError} when a file can't be read.
 * @throws {ValueError} when a file has something else in it.
 */
export function tlsOptions(
  settings: TlsSettings,
  host: string | undefined,
  address: string,
  protocols?: readonly string[],
): ConnectionOptions {
  const name = nameOnly(settings.serverName ?? host ?? address);
  const offered = settings.alpn ?? protocols;
  return {
    secureContext: contextOf(settings),
    rejectUnauthorized: settings.verify,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    // An address is no name: RFC 6066, section 3.
    ...(isIP(name) === 0 ? { servername: name } : { servername: '' }),
    ...(offered === undefined ? {} : { ALPNProtocols: [...offered] }),
  };
}
