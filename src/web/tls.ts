// The files of `--web.config.file`, read anew when they change.

import { readFileSync, statSync } from 'node:fs';
import { InputError } from '../errors.js';
import { Users } from './users.js';
import type { TlsContext } from './server.js';
import { readWebConfig, type WebConfig } from './web-config.js';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InputError(path, cause);
  }
}

/** What a file says, with what it names read. */
export interface ReadConfig {
  readonly config: WebConfig;
  readonly tls: TlsContext | undefined;
  /** Undefined: nobody needs a password. */
  readonly users: Users | undefined;
  /** What it depends on: another one means that something was changed. */
  readonly state: string;
}

/** Reads such a file. @throws {ValueError} {InputError} */
export function readConfigFile(file: string): ReadConfig {
  const config = readWebConfig(read(file), file);
  const { tls, users } = config;
  return {
    config,
    tls: tls && {
      cert: read(tls.certificate),
      key: read(tls.key),
      ca: tls.clientAuthority === undefined ? undefined : read(tls.clientAuthority),
      requestCert: tls.clientAuthority !== undefined,
      rejectUnauthorized: tls.clientAuthority !== undefined,
      minVersion: tls.minimumVersion,
    },
    users: users.size === 0 ? undefined : new Users(users),
    state: stateOf(file, config),
  };
}

/** Times and sizes of all files that a configuration is made of. */
export function stateOf(file: string, { tls }: WebConfig): string {
  const files = [file, ...(tls === undefined ? [] : [tls.certificate, tls.key, tls.clientAuthority ?? ''])];
  return files
    .filter((one) => one !== '')
    .map((one) => {
      const stat = statSync(one, { throwIfNoEntry: false });
      return stat === undefined ? `${one} gone` : `${one} ${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    })
    .join('\n');
}
