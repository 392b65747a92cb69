import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openProblem, readWebConfig } from '../../../src/web/web-config.js';
import { Users } from '../../../src/web/users.js';
import { Sessions } from '../../../src/web/sessions.js';
import { hashSync } from 'bcryptjs';

const hash = hashSync('secret', 4);
const tls = 'tls_server_config: { cert_file: /etc/c.pem, key_file: /etc/k.pem }';
const basic = (authorization: string): string => `Basic ${Buffer.from(authorization).toString('base64')}`;

describe('the file of certificates and users', () => {
  test('is read in the format of the exporters of Prometheus', () => {
    const { tls: read, users } = readWebConfig(`${tls}\nbasic_auth_users:\n  alice: ${hash}\n`, 'web.yml');
    assert.deepEqual(read, {
      certificate: '/etc/c.pem',
      key: '/etc/k.pem',
      clientAuthority: undefined,
      minimumVersion: 'TLSv1.2',
    });
    assert.deepEqual([...users.keys()], ['alice']);
  });

  test('with certificates of clients', () => {
    const text = `tls_server_config: { cert_file: c, key_file: k, client_ca_file: a, client_auth_type: RequireAndVerifyClientCert, min_version: TLS13 }`;
    const { tls: read } = readWebConfig(text, 'web.yml');
    assert.deepEqual([read?.clientAuthority, read?.minimumVersion], ['a', 'TLSv1.3']);
  });

  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ['tls_server_config: { cert_file: c }', /web\.yml: tls_server_config\.key_file/],
    ['basic_auth_users: { alice: secret }', /web\.yml: basic_auth_users\.alice: a password hashed by bcrypt/],
    [`basic_auth_users: { "a:b": "${hash}" }`, /a name without colon/],
    [
      'tls_server_config: { cert_file: c, key_file: k, client_auth_type: RequireAndVerifyClientCert }',
      /client_ca_file is missing/,
    ],
    ['tls_server_config: { cert_file: c, key_file: k, cipher_suites: [x] }', /cipher_suites/],
    ['http_server_config: { http2: true }', /http_server_config/],
    ['{', /web\.yml/],
  ];
  for (const [text, message] of wrong) {
    test(`${text} is refused`, () => {
      assert.throws(() => readWebConfig(text, 'web.yml'), message);
    });
  }

  test('serves other machines only where they have to prove who they are', () => {
    const problem = (text: string): string | undefined => openProblem(readWebConfig(text, 'web.yml'));
    assert.match(problem('{}') ?? '', /tls_server_config is missing/);
    assert.match(problem(`basic_auth_users: { alice: "${hash}" }`) ?? '', /tls_server_config is missing/);
    assert.match(problem(tls) ?? '', /nobody has to prove/);
    assert.equal(problem(`${tls}\nbasic_auth_users: { alice: "${hash}" }`), undefined);
  });
});

describe('users', () => {
  test('get in with their passwords, and nobody else does', async () => {
    let now = 0;
    const sessions = new Sessions(undefined, () => now);
    sessions.setUsers(new Users(new Map([['alice', hash]])));
    const who = async (header: string | undefined): Promise<string | undefined> =>
      (await sessions.visitor(undefined, header))?.name;
    assert.equal(await who(basic('alice:secret')), 'alice');
    assert.equal(await who(basic('alice:secret')), 'alice');
    for (const other of ['alice:Secret', 'alice:', 'bob:secret', ':secret', 'alice', ''])
      assert.equal(await who(basic(other)), undefined);
    assert.equal(await who(undefined), undefined);
    assert.equal(await who('Bearer secret'), undefined);
    for (let tries = 0; tries < 20; tries++) await who(basic('alice:wrong'));
    assert.equal(await who(basic('alice:secret')), undefined, 'too many attempts');
    now += 61_000;
    assert.equal(await who(basic('alice:secret')), 'alice');
    sessions.setUsers(new Users(new Map([['bob', hash]])));
    assert.equal(await who(basic('alice:secret')), undefined);
  });
});
