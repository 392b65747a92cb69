import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTable } from '../../../src/documents/parse-table.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { main } from '../../main.js';
import { FakeIo, pieces } from '../support/fake-io.js';

const keepalivedConf = `include conf.d/*.conf
vrrp_instance inside {
}
virtual_server 192.0.2.10 80 {
    lb_kind DR
    delay_loop 6
    real_server 10.0.1.2 80 {
        TCP_CHECK {
        }
    }
}
`;
const files: Readonly<Record<string, string>> = {
  '/etc/keepalived/keepalived.conf': keepalivedConf,
  '/etc/keepalived/conf.d/a.conf': 'virtual_server 192.0.2.11 80 {\n    lb_kind DR\n}\n',
  '/etc/keepalived/conf.d/b.txt': 'virtual_server 192.0.2.12 80 {\n}\n',
  '/lossy.conf': `${keepalivedConf.replace(/.*\n/, '')}virtual_server 192.0.2.13 80 {\n    lb_kind FNAT\n}\n`,
  '/lvs.cf': 'virtual web {\n  address = 192.0.2.10 eth0:1\n}\n',
  '/odd': 'nothing that anybody knows\n',
};

function missing(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2 });
}

async function run(words: string, document = 'services: []', stdin = '') {
  const kernel = new FakeKernel(await parseTable(document, 'document'));
  const io = new FakeIo({
    stdin,
    sockets: [kernel],
    machine: {
      readFile: (path) => {
        const text = files[path];
        return text === undefined ? missing() : pieces([Buffer.from(text)]);
      },
      listDirectory: (path) =>
        Object.keys(files).flatMap((name) => (name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : [])),
    },
  });
  const status = await main(words.split(' '), io);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text, kernel };
}

const note =
  'ipvsadm: /etc/keepalived/keepalived.conf:2: vrrp_instance inside: VRRP is not part of the table, and stays with keepalived\n';

describe('import', () => {
  test('writes a document, and what is not in it to the error output', async () => {
    const { status, stdout, stderr } = await run('import /etc/keepalived/keepalived.conf');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: note });
    assert.equal(
      stdout,
      `# Made of /etc/keepalived/keepalived.conf by ipvsadm import.
#
# What is different, or could not be carried over:
# /etc/keepalived/keepalived.conf:2: vrrp_instance inside: VRRP is not part of the table, and stays with keepalived
checks:
  tcp: { type: tcp, interval: 6, fastInterval: 1, timeout: 5, fall: 2, rise: 1 }
services:
  # /etc/keepalived/conf.d/a.conf:1, 192.0.2.11 80
  - address: 192.0.2.11
    port: 80
    onDown: remove
    servers: []
  # /etc/keepalived/keepalived.conf:4, 192.0.2.10 80
  - address: 192.0.2.10
    port: 80
    onDown: remove
    check: tcp
    servers:
      - { address: 10.0.1.2, forwarding: direct-routing }
`,
    );
  });

  test('ends with 1 where a service is missing', async () => {
    const { status, stdout, stderr } = await run('import /lossy.conf');
    assert.equal(status, 1);
    assert.match(stderr, /\/lossy\.conf:12: forwarding FNAT is not one of NAT, DR and TUN\n$/);
    assert.match(stdout, /^services:$/m);
  });

  test('reads the standard input, and what --from says', async () => {
    const text = files['/lvs.cf'] ?? '';
    assert.match((await run('import -', undefined, text)).stdout, /^# Made of the standard input by ipvsadm import\./);
    assert.match((await run('import --from ldirectord -', undefined, text)).stdout, /^services: \[\]$/m);
  });

  const refused: readonly (readonly [words: string, message: string])[] = [
    ['/odd', '/odd: is not a keepalived.conf, ldirectord.cf or lvs.cf; --from says which it is\n'],
    ['/none', "/none: can't be read: No such file or directory\n"],
    [
      '--from haproxy /odd',
      "--from takes one of keepalived, ldirectord, lvs.cf, not haproxy\nTry 'ipvsadm import --help' for more information.\n",
    ],
  ];
  for (const [words, message] of refused) {
    test(`refuses ${words}`, async () => {
      const { status, stdout, stderr } = await run(`import ${words}`);
      assert.deepEqual({ status, stdout, stderr }, { status: 2, stdout: '', stderr: `ipvsadm: ${message}` });
    });
  }
});

describe('diff and apply of such a file', () => {
  const asked =
    'services: [{ address: 192.0.2.11, port: 80, servers: [] }, { address: 192.0.2.10, port: 80, servers: [{ address: 10.0.1.2 }] }]';

  test('find what the kernel has otherwise', async () => {
    const same = await run('diff /etc/keepalived/keepalived.conf', asked);
    assert.deepEqual([same.status, same.stdout, same.stderr], [0, '', '']);
    const { status, stdout } = await run('diff /etc/keepalived/keepalived.conf');
    assert.equal(status, 1);
    assert.match(stdout, /^\+ TCP {2}192\.0\.2\.10:80 wlc\n\+ {3}10\.0\.1\.2:80/m);
  });

  test('make the table what the file asks for', async () => {
    const { status, kernel } = await run('apply /etc/keepalived/keepalived.conf');
    assert.equal(status, 0);
    assert.deepEqual(
      kernel.changes.map(({ kind }) => kind),
      ['add-service', 'add-service', 'add-server'],
    );
  });

  test('apply nothing where a service would be missing, which it would take away', async () => {
    const { status, stderr, kernel } = await run('apply /lossy.conf', asked);
    assert.equal(status, 2);
    assert.equal(stderr, 'ipvsadm: /lossy.conf:12: forwarding FNAT is not one of NAT, DR and TUN\n');
    assert.deepEqual(kernel.changes, []);
    const shown = await run('diff /lossy.conf', asked);
    assert.deepEqual([shown.status, shown.stderr], [1, stderr]);
  });

  test('take a document and a rule dump as before', async () => {
    assert.equal((await run('diff -', asked, asked)).status, 0);
    assert.equal(
      (await run('diff -', asked, '-A -t 192.0.2.11:80\n-A -t 192.0.2.10:80\n-a -t 192.0.2.10:80 -r 10.0.1.2\n'))
        .status,
      0,
    );
  });
});
