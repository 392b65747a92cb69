import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Executables } from './faults/executables.js';

// Runs in a lab whose kernel can't load ip_vs: `npm run lab -- --no-ipvs -- node build/test/lab/no-ipvs.lab.js`.

const cant = "Can't initialize ipvs: ";
const areYouSure = 'Are you sure that IP Virtual Server is built in the kernel or as module?\n';
const noIpvs = `${cant}Protocol not available\n${areYouSure}`;
const noRights = `${cant}Permission denied (you must be root)\n${areYouSure}`;

/** Everything that needs the kernel, right or wrong: without IPVS that is what it tells. */
const lines: readonly string[] = [
  'ipvsadm',
  'ipvsadm -Ln',
  'ipvsadm -Lcn',
  'ipvsadm -L --timeout',
  'ipvsadm -A -t 10.0.0.1:80',
  'ipvsadm -C',
  'ipvsadm --nosuch',
  'ipvsadm -A -t nonsense',
  'ipvsadm-save -n',
  'ipvsadm status',
  'ipvsadm status --json',
  'ipvsadm export',
  'echo "services: []" | ipvsadm diff -',
  'echo "services: []" | ipvsadm apply -',
  'echo "-A -t 10.0.0.1:80" | ipvsadm apply --dry-run -',
  'echo "-A -t 10.0.0.1:80" | ipvsadm -R',
  'echo "-A -t 10.0.0.1:80" | ipvsadm-restore',
];

let executables: Executables;

before(async () => {
  executables = new Executables();
  const { status } = await executables.run('[ ! -e /proc/net/ip_vs ]');
  assert.equal(status, 0, 'this suite is for a kernel without IPVS');
});

after(() => {
  executables.close();
});

/** modprobe has words of its own, which differ from machine to machine. */
function withoutModprobe(stderr: string): string {
  return stderr.replace(/^modprobe: .*\n/gm, '');
}

for (const line of lines) {
  test(`says that there is no IPVS: ${line}`, async () => {
    const { stdout, stderr, status } = await executables.run(line);
    assert.deepEqual({ stdout, stderr: withoutModprobe(stderr), status }, { stdout: '', stderr: noIpvs, status: 2 });
  });
}

test('says the same as the original', async () => {
  const ours = await executables.run('ipvsadm -Ln');
  const original = await executables.run('/sbin/ipvsadm -Ln');
  assert.deepEqual({ ...ours }, { ...original });
});

test('asks modprobe for ip_vs once', async () => {
  executables.write('modprobe', '#!/bin/sh\necho "$0 $*" >>/run/modprobe-calls\nexit 1\n');
  const { stdout, stderr, status } = await executables.run(
    "chmod +x modprobe && unshare -m sh -c 'mount --bind modprobe /sbin/modprobe && ipvsadm -Ln'; s=$?; cat /run/modprobe-calls; exit $s",
  );
  assert.match(stdout, /^\S*modprobe -- ip_vs\n$/);
  assert.deepEqual({ stderr, status }, { stderr: noIpvs, status: 2 });
});

const modprobes: readonly (readonly [what: string, hide: string])[] = [
  ['missing', 'mount -t tmpfs none /usr/sbin'],
  ['no program', 'mount --bind /dev/null /sbin/modprobe'],
];

for (const [what, hide] of modprobes) {
  test(`says that there is no IPVS where modprobe is ${what}`, async () => {
    const { stdout, stderr, status } = await executables.run(`unshare -m sh -c '${hide} && ipvsadm -Ln'`);
    assert.deepEqual({ stdout, stderr, status }, { stdout: '', stderr: noIpvs, status: 2 });
  });
}

test('blames missing rights where nobody could tell whether there is IPVS', async () => {
  const { stderr, status } = await executables.run(
    'setpriv --bounding-set=-net_admin --inh-caps=-net_admin ipvsadm -Ln',
  );
  assert.deepEqual({ stderr: withoutModprobe(stderr), status }, { stderr: noRights, status: 2 });
});

for (const option of ['-h', '-v']) {
  test(`${option} needs no IPVS and loads no module`, async () => {
    const { stdout, stderr, status } = await executables.run(`ipvsadm ${option}`);
    assert.match(stdout, /^ipvsadm v1\.31 /);
    assert.deepEqual({ stderr, status }, { stderr: '', status: 0 });
  });
}

test("doctor says that ip can't be executed", async () => {
  const { stdout, stderr, status } = await executables.run(
    "unshare -m sh -c 'mount --bind /dev/null /sbin/ip && ipvsadm doctor'",
  );
  const expected = { stdout: '', stderr: "ipvsadm: can't execute /sbin/ip: Permission denied\n", status: 2 };
  assert.deepEqual({ stdout, stderr, status }, expected);
});

test('doctor names what is missing, and loads no module; its command fixes it', async () => {
  const modules = 'cut -d " " -f 1 /proc/modules';
  const before = await executables.run(modules);
  const { stdout, stderr, status } = await executables.run('ipvsadm doctor');
  assert.match(stdout, /the kernel has no IPVS/);
  assert.match(stdout, /^ {4}modprobe ip_vs$/m);
  assert.deepEqual({ stderr, status }, { stderr: '', status: 2 });
  assert.equal((await executables.run(modules)).stdout, before.stdout);
  // What hides the modules of IPVS in this lab.
  const hidden = '/lib/modules/$(uname -r)/kernel/net/netfilter/ipvs';
  const fixed = await executables.run(`umount "${hidden}" && modprobe ip_vs && ipvsadm doctor`);
  assert.deepEqual({ stderr: fixed.stderr, status: fixed.status }, { stderr: '', status: 0 });
});
