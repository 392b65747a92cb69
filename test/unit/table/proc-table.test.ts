import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceAt, serviceMarked } from '../../../src/model/build.js';
import { serverName, serviceName } from '../../../src/model/entity-name.js';
import { ProcTable } from '../../../src/table/proc-table.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { main } from '../../main.js';
import { FakeIo, pieces } from '../support/fake-io.js';

// As Linux 6.12 wrote it.
const text = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C000020A:0050 wlc 
  -> 0A000102:1F90      Masq    3      1          2         
  -> 0A000103:1F90      Masq    0      0          7         
UDP  C000020A:0035 rr ops 
TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:01BB sh persistent 75000 40000000
  -> [2001:0db8:0000:0000:0000:0000:0000:0002]:01BB      Route   1      0          0         
FWM  00000007 wrr persistent 15000 FFFFFF00
  -> 0A000104:0000      Tunnel  1      0          0         
FWM  00000008 wlc 
  -> [2001:0db8:0000:0000:0000:0000:0000:0003]:0000      Route   5      0          0         
nonsense
`;

const readFile = (path: string): AsyncGenerator<Uint8Array> =>
  pieces([Buffer.from(path.startsWith('/boot/config-') ? 'CONFIG_HZ_250=y\nCONFIG_HZ=250\n' : text)]);
const io = (capabilities: bigint): FakeIo => new FakeIo({ capabilities, machine: { readFile } });

describe('/proc/net/ip_vs', () => {
  const table = new ProcTable(text, 250);

  test('is read as far as it goes', async () => {
    assert.deepEqual(table.info, { version: { major: 1, minor: 2, patch: 1 }, connectionTableSize: 4096 });
    const services = await table.services();
    assert.deepEqual(
      services.map(({ key, scheduler, onePacket, persistenceTimeout, persistenceNetmask }) => [
        serviceName(key),
        scheduler,
        onePacket,
        persistenceTimeout,
        persistenceNetmask,
      ]),
      [
        ['tcp:192.0.2.10:80', 'wlc', false, undefined, '255.255.255.255'],
        ['udp:192.0.2.10:53', 'rr', true, undefined, '255.255.255.255'],
        ['tcp:[2001:db8::1]:443', 'sh', false, 300, 64],
        ['fwmark:7', 'wrr', false, 60, '255.255.255.0'],
        ['fwmark6:8', 'wlc', false, undefined, 128],
      ],
    );
    const web = serviceAt('192.0.2.10', 80);
    assert.deepEqual(
      (await table.serverStates(web)).map((server) => [
        serverName(web, server),
        server.forwarding,
        server.weight,
        server.activeConnections,
        server.inactiveConnections,
      ]),
      [
        ['tcp:192.0.2.10:80/10.0.1.2:8080', 'masquerading', 3, 1, 2],
        ['tcp:192.0.2.10:80/10.0.1.3:8080', 'masquerading', 0, 0, 7],
      ],
    );
    assert.deepEqual((await table.serverStates(serviceMarked(8, 'inet6'))).length, 1);
    await assert.rejects(table.service(serviceAt('192.0.2.99', 80)), { code: 'IPVS_KERNEL' });
  });

  test('is what status shows to who is not privileged, and says so once', async () => {
    const shown = io(0n);
    assert.equal(await main(['status'], shown), 0);
    assert.match(shown.stdout.text, /5 services, 5 servers \(1 quiesced\), 1 active and 9 inactive connections/);
    assert.match(
      shown.stderr.text,
      /^ipvsadm: not privileged \(CAP_NET_ADMIN\): read from \/proc\/net\/ip_vs, without .*\n$/,
    );
    assert.equal(shown.socketsOpened, 0);
  });

  test('is what metrics has for who is not privileged: no counters, no timeouts', async () => {
    const shown = io(0n);
    assert.equal(await main(['metrics'], shown), 1);
    assert.match(shown.stdout.text, /^ipvs_server_weight\{.*remote_address="10\.0\.1\.2".*\} 3$/m);
    assert.doesNotMatch(shown.stdout.text, /^ipvs_(service|server)_\w+_total|^ipvs_timeout|persistent_connections\{/m);
    assert.match(shown.stderr.text, /^ipvsadm: not privileged \(CAP_NET_ADMIN\)/);
    assert.equal(shown.socketsOpened, 0);
  });

  test('is what top has for who is not privileged: no rates', async () => {
    const shown = io(0n);
    assert.equal(await main(['top', '--batch'], shown), 0);
    assert.match(shown.stdout.text, /10\.0\.1\.2:8080 .* nat +3 /);
    assert.match(shown.stderr.text, /^ipvsadm: not privileged \(CAP_NET_ADMIN\)/);
  });

  test('is listed with --proc as the kernel would be asked', async () => {
    const shown = io(0n);
    assert.equal(await main(['-Ln', '--proc'], shown), 0);
    assert.equal(
      shown.stdout.text,
      `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.0.2.10:80 wlc
  -> 10.0.1.2:8080                Masq    3      1          2         
  -> 10.0.1.3:8080                Masq    0      0          7         
UDP  192.0.2.10:53 rr ops
TCP  [2001:db8::1]:443 sh persistent 300 mask 64
  -> [2001:db8::2]:443            Route   1      0          0         
FWM  7 wrr persistent 60 mask 255.255.255.0
  -> 10.0.1.4:0                   Tunnel  1      0          0         
FWM  8 IPv6 wlc
  -> [2001:db8::3]:0              Route   5      0          0         
`,
    );
    assert.deepEqual([shown.stderr.text, shown.socketsOpened], ['', 0]);
  });

  test('has persistence in ticks where nobody says how long these are', async () => {
    const unknown = (path: string): AsyncGenerator<Uint8Array> =>
      pieces([Buffer.from(path.startsWith('/boot') ? '' : text)]);
    const shown = new FakeIo({ capabilities: 0n, machine: { readFile: unknown } });
    assert.equal(await main(['-Ln', '--proc'], shown), 0);
    assert.match(shown.stdout.text, /sh persistent 75000 mask 64/);
    assert.equal(
      shown.stderr.text,
      'ipvsadm: persistence timeouts are in ticks of the kernel (CONFIG_HZ is not known)\n',
    );
  });

  for (const option of ['--stats', '--rate', '--thresholds', '--tun-info', '--persistent-conn', '--timeout', '-c']) {
    test(`-L ${option} --proc is refused: the file has no such thing`, async () => {
      const shown = new FakeIo({ sockets: [new FakeKernel()] });
      assert.equal(await main(['-L', option, '--proc'], shown), 2);
      assert.deepEqual([shown.stdout.text, shown.stderr.text], ['', 'options conflicts in the list command\n']);
    });
  }
});
