// `npm run test:deb`: installs the Debian package in a fresh Debian, uses it, and removes it again, alone and beside Debian's
// own ipvsadm, which has to be what it was afterwards. Needs root, debootstrap and Debian's archive, and takes minutes, so
// it is no step of `npm test`.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages } from './lab/debian.mjs';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** The first release of Debian whose Node is new enough. */
const release = 'trixie';
const cache = path.resolve(`node_modules/.cache/debian/${release}-nodejs.tar`);

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}\n${error?.message ?? stdout + stderr}`);
}

/** A Debian with Node, unpacked from an archive that is made once. */
function freshDebian() {
  const root = mkdtempSync(path.join(tmpdir(), 'ipvsadm-debian-'));
  if (!existsSync(cache)) {
    ensureDebianPackages(['debootstrap']);
    mkdirSync(path.dirname(cache), { recursive: true });
    run('debootstrap', ['--variant=minbase', '--include=nodejs,ca-certificates', release, root]);
    run('tar', ['--create', '--numeric-owner', '-f', `${cache}.new`, '-C', root, '.']);
    renameSync(`${cache}.new`, cache);
  } else {
    run('tar', ['--extract', '--numeric-owner', '--preserve-permissions', '-f', cache, '-C', root]);
  }
  // No service starts in a directory.
  writeFileSync(path.join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return root;
}

/** A package with a file in /sbin, as Debian's ipvsadm was before Debian 13. @param {string} root of the Debian. */
function writeOldLayout(root) {
  const files = path.join(root, 'root/old');
  mkdirSync(path.join(files, 'DEBIAN'), { recursive: true });
  mkdirSync(path.join(files, 'sbin'));
  writeFileSync(path.join(files, 'sbin/ipvsadm'), '#!/bin/sh\necho the old one\n', { mode: 0o755 });
  writeFileSync(
    path.join(files, 'DEBIAN/control'),
    'Package: ipvsadm\nVersion: 1:1.30-1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: test\n',
  );
}

const ours = 'ipvsadm -v | grep -q "^ipvsadm v1.31+node" && test -L /usr/sbin/ipvsadm';
/** The first bytes of a program that is no script. */
const theirs = (/** @type {string} */ file) => `head -c 4 ${file} | grep -q ELF`;
const nothingAside = 'test -z "$(dpkg-divert --list | grep ipvsadm-node)" && ! ls /usr/sbin/*.distrib 2>/dev/null';

/** What is done, and what has to hold then: lines of shell in the fresh Debian. */
const steps = /** @type {const} */ ([
  ['the package is installed', 'apt-get install -y --no-install-recommends /root/ours.deb'],
  ['its commands are there', ours],
  ['-h works', 'ipvsadm -h | grep -q -- --add-service'],
  ['a verb works', 'ipvsadm status --help | grep -q -- --json'],
  [
    'the addon is loaded: without IPVS the kernel is what is missing',
    'ipvsadm -Ln 2>&1 | grep -q "^Can\'t initialize ipvs"',
  ],
  ['ipvsadm-save runs', 'ipvsadm-save -q 2>&1 | grep -q rules'],
  ['ipvsadm-restore checks its input', '! echo no rule | ipvsadm-restore 2>/dev/null'],
  ['the manual is there', 'gzip -dc /usr/share/man/man8/ipvsadm.8.gz | grep -q "^.Dt IPVSADM 8"'],
  ['the completion is one that bash reads', 'bash -n /usr/share/bash-completion/completions/ipvsadm'],
  ['the unit is there', 'test -s /usr/lib/systemd/system/ipvsadm-node.service'],
  ['so is that of run', 'test -s /usr/lib/systemd/system/ipvsadm-run@.service'],
  ['and that of the page', 'test -s /usr/lib/systemd/system/ipvsadm-web.service'],
  ['all files are whole', 'test -z "$(dpkg --verify ipvsadm-node)"'],
  ["Debian's own is installed after it", 'apt-get install -y --no-install-recommends ipvsadm'],
  ['ours is still the one that is called', ours],
  ['the other one is aside', theirs('/usr/sbin/ipvsadm.distrib')],
  ['ours is removed', 'dpkg --remove ipvsadm-node'],
  ["Debian's own is back", theirs('/usr/sbin/ipvsadm')],
  ['with its manual', 'gzip -dc /usr/share/man/man8/ipvsadm.8.gz | grep -q "^.TH"'],
  ['nothing is left aside', nothingAside],
  ["Debian's own is whole", 'test -z "$(dpkg --verify ipvsadm)"'],
  ['ours is installed after it', 'dpkg --install /root/ours.deb'],
  ['it is the one that is called', ours],
  ['it is installed over itself', 'dpkg --install /root/ours.deb'],
  ['it is still called', ours],
  ["Debian's own is purged", 'dpkg --purge ipvsadm'],
  ['ours is still called', ours],
  ['ours is purged', 'dpkg --purge ipvsadm-node'],
  ['nothing of it is left', `${nothingAside} && ! ls -d /usr/sbin/ipvsadm* /usr/lib/ipvsadm-node 2>/dev/null`],
  ['one with files in /sbin is installed', 'dpkg-deb --build /root/old /root/old.deb && dpkg --install /root/old.deb'],
  ['ours is installed beside it', 'dpkg --install /root/ours.deb'],
  ['ours is the one that is called', ours],
  ['the other one is installed again', 'dpkg --install /root/old.deb'],
  ['ours is called all the same', ours],
  ['ours is removed again', 'dpkg --remove ipvsadm-node'],
  ['the one in /sbin is back', 'test "$(/sbin/ipvsadm)" = "the old one"'],
  ['and nothing is left aside', nothingAside],
]);

const [file = ''] = existsSync('build/deb') ? readdirSync('build/deb').filter((name) => name.endsWith('.deb')) : [];
if (file === '') throw new Error('no package in build/deb: npm run deb');
const root = freshDebian();
try {
  copyFileSync(path.join('build/deb', file), path.join(root, 'root/ours.deb'));
  writeOldLayout(root);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  for (const [what, line] of steps) {
    const { status, stdout, stderr } = spawnSync('chroot', [root, 'sh', '-c', line], { encoding: 'utf8', env });
    if (status !== 0) throw new Error(`${file}: not so: ${what}\n${line}\n${stdout}${stderr}`);
    console.log(`ok ${what}`);
  }
  console.log(`${file}: ${steps.length} steps passed`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
