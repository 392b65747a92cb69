import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deleteServer, deleteService, editService, shellWord, sysctlName } from '../../../src/doctor/commands.js';
import { server, service, web } from '../support/doctor-facts.js';

describe('commands', () => {
  test('a shell reads every word as it was meant', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().filter((word) => !word.includes('\0')),
          { minLength: 1, maxLength: 20 },
        ),
        (words) => {
          const { stdout } = spawnSync('/bin/sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`]);
          assert.equal(stdout.toString(), words.map((word) => `${word}\0`).join(''));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a service keeps its settings when it is edited, and is removed by what identifies it', () => {
    const marked = service(
      { family: 'inet6', fwmark: 7 },
      {
        scheduler: 'sh',
        schedulerFlags: ['flag-1', 'flag-2'],
        persistenceTimeout: 60,
        persistenceNetmask: 64,
        onePacket: true,
      },
    );
    assert.equal(editService(marked), 'ipvsadm -E -f 7 -6 -s sh -p 60 -M 64 -o -b sh-fallback,sh-port');
    assert.equal(deleteService(marked), 'ipvsadm -D -f 7 -6');
    assert.equal(deleteServer(server('fe80::1', { port: 8080 }), marked.key), "ipvsadm -d -f 7 -6 -r '[fe80::1]:8080'");
    assert.equal(deleteServer(server('10.0.0.2'), web), 'ipvsadm -d -t 192.0.2.10:80 -r 10.0.0.2:80');
  });

  test('settings have the names of sysctl', () => {
    assert.equal(sysctlName('net/ipv4/conf/eth0.100/rp_filter'), 'net.ipv4.conf.eth0/100.rp_filter');
  });
});
