// `npm run deb [-- ARCHITECTURE]`: makes build/deb/ipvsadm-node_VERSION_ARCHITECTURE.deb of what is in dist, with the
// packages of the lockfile. Needs dpkg-deb, gzip and npm, but not root.
//
// Debian's own package `ipvsadm` has the same commands and manual pages. Both can be installed: ours puts the other's
// files aside by dpkg-divert, as NAME.distrib, while it is there. Alternatives would need the other package to take part:
// they don't replace files that a package owns.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

const name = 'ipvsadm-node';
const commands = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'];

/** The netlink package's binaries by Debian's names of architectures. */
const binaries = { amd64: 'linux-x64', arm64: 'linux-arm64', armhf: 'linux-arm', i386: 'linux-ia32' };

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileSyncOptions} [options]
 */
function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options }).toString();
}

const architecture = process.argv[2] ?? run('dpkg', ['--print-architecture']).trim();
const binary = new Map(Object.entries(binaries)).get(architecture);
if (binary === undefined) {
  throw new Error(`no binary of netlink for ${architecture}; there are: ${Object.keys(binaries).join(', ')}`);
}

/**
 * @typedef {{ name: string, version: string, license: string, author: string, homepage?: string }} Manifest
 * @param {string} file
 */
function readManifest(file) {
  const parsed = /** @type {unknown} */ (JSON.parse(readFileSync(file, 'utf8')));
  return /** @type {Manifest} */ (parsed);
}

const manifest = readManifest('package.json');
const version = `${manifest.version}-1`;
const maintainer = `${process.env['DEBFULLNAME'] ?? manifest.author} <${process.env['DEBEMAIL'] ?? 'root@localhost'}>`;

const work = mkdtempSync(path.join(tmpdir(), 'ipvsadm-deb-'));
const root = path.join(work, 'root');
const home = path.join(root, 'usr/lib', name);
const documents = path.join(root, 'usr/share/doc', name);

/**
 * @param {string} file below the package's root.
 * @param {string | Uint8Array} content
 * @param {number} [mode]
 */
function put(file, content, mode = 0o644) {
  const target = path.join(root, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, content);
  chmodSync(target, mode);
}

/** @param {string | Uint8Array} content */
function zipped(content) {
  return execFileSync('gzip', ['-9n'], { input: content });
}

/**
 * What npm would install, without what only a compiler or a person at a shell needs.
 * @param {string} binary the directory of netlink's binary for the architecture.
 */
function putProgram(binary) {
  const omitted = ['dev', 'peer', 'optional'].map((kind) => `--omit=${kind}`);
  run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', work]);
  const tarball = readdirSync(work).find((file) => file.endsWith('.tgz')) ?? '';
  mkdirSync(home, { recursive: true });
  run('tar', ['--extract', '--no-same-owner', '--strip-components=1', '-f', path.join(work, tarball), '-C', home]);
  cpSync('package-lock.json', path.join(home, 'package-lock.json'));
  run('npm', ['ci', ...omitted, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home });
  for (const unneeded of ['package-lock.json', 'man', 'examples', 'LICENSE', 'CHANGELOG.md']) {
    rmSync(path.join(home, unneeded), { recursive: true, force: true });
  }
  const packages = path.join(home, 'node_modules');
  for (const unneeded of ['.bin', '.package-lock.json', '@types', 'node-addon-api']) {
    rmSync(path.join(packages, unneeded), { recursive: true, force: true });
  }
  for (const unneeded of ['src', 'binding.gyp', 'node_modules']) {
    rmSync(path.join(packages, 'netlink', unneeded), { recursive: true, force: true });
  }
  const prebuilds = path.join(packages, 'netlink/prebuilds');
  for (const other of readdirSync(prebuilds).filter((directory) => directory !== binary)) {
    rmSync(path.join(prebuilds, other), { recursive: true });
  }
  for (const entry of readdirSync(packages, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const unneeded =
      /\.(?:map|d\.[cm]?ts)$/.test(file) || (entry.isFile() && readFileSync(file, 'latin1').startsWith('#!'));
    if (unneeded) rmSync(file);
  }
  const addon = path.join(prebuilds, binary, 'node.napi.node');
  // Another architecture's takes that one's binutils.
  if (spawnSync('strip', ['--strip-unneeded', addon], { stdio: 'ignore' }).status !== 0) {
    console.error('the addon keeps its symbols: there is no strip for it');
  }
  for (const command of commands) {
    const file = path.join(home, 'dist/bin', `${command}.cjs`);
    // What root runs is not for PATH to choose.
    writeFileSync(file, readFileSync(file, 'utf8').replace('#!/usr/bin/env node', '#!/usr/bin/node'));
    mkdirSync(path.join(root, 'usr/sbin'), { recursive: true });
    symlinkSync(`../lib/${name}/dist/bin/${command}.cjs`, path.join(root, 'usr/sbin', command));
  }
}

/** The manual, the completion, the unit, the examples, and what Debian wants to know. */
function putRest() {
  for (const command of commands) {
    put(`usr/share/man/man8/${command}.8.gz`, zipped(readFileSync(`man/${command}.8`)));
  }
  // yargs completes for the shell in SHELL, under the name by which it is called.
  const bin = path.join(work, 'bin');
  mkdirSync(bin);
  symlinkSync(path.resolve('dist/bin/ipvsadm.cjs'), path.join(bin, 'ipvsadm'));
  const env = { ...process.env, SHELL: '/bin/bash', PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  put('usr/share/bash-completion/completions/ipvsadm', run(path.join(bin, 'ipvsadm'), ['completion'], { env }));
  // Not as ipvsadm.service: that would take the place of the init script of Debian's ipvsadm without being asked.
  const units = {
    'ipvsadm.service': `${name}.service`,
    'ipvsadm-run@.service': 'ipvsadm-run@.service',
    'ipvsadm-web.service': 'ipvsadm-web.service',
  };
  for (const [example, unit] of Object.entries(units)) {
    // Without the words on how to install it.
    const body = readFileSync(`examples/systemd/${example}`, 'utf8').replace(/^(?:#.*\n)*\n?/, '');
    put(`usr/lib/systemd/system/${unit}`, body);
  }
  cpSync('examples', path.join(documents, 'examples'), { recursive: true });
  put(`usr/share/doc/${name}/changelog.gz`, zipped(readFileSync('CHANGELOG.md')));
  put(`usr/share/doc/${name}/changelog.Debian.gz`, zipped(debianChangelog()));
  put(`usr/share/doc/${name}/copyright`, copyright());
}

function debianChangelog() {
  const [, date = ''] = /releaseDate = '(.*)'/.exec(readFileSync('src/version.ts', 'utf8')) ?? [];
  const day = new Date(`${date.replaceAll('/', '-')}T00:00:00Z`).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- ${maintainer}  ${day}\n`;
}

/** Our licence, and those of the packages that come with it. */
function copyright() {
  const packages = path.join(home, 'node_modules');
  const manifests = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?:^|\/node_modules\/)(?:@[^/]+\/)?[^/]+\/package\.json$/.test(file),
  );
  const licences = manifests.sort().map((file) => {
    const { name: own, version: its, license } = readManifest(path.join(packages, file));
    const directory = path.join(packages, path.dirname(file));
    const text = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
    const whole = text === undefined ? '' : readFileSync(path.join(directory, text), 'utf8').trim();
    if (text !== undefined) rmSync(path.join(directory, text));
    return `${'-'.repeat(80)}\n${own} ${its}: ${license}\n\n${whole}\n`;
  });
  const ours = readFileSync('LICENSE', 'utf8');
  return `ipvsadm for Node.js ${manifest.version}\n\n${ours}\nWith it come these packages of the npm registry:\n\n${licences.join('\n')}`;
}

/** Files that Debian's ipvsadm has too; in /sbin before Debian 13, which is the same directory, but not to dpkg. */
const diverted = [
  ...commands.flatMap((command) => [`/usr/sbin/${command}`, `/sbin/${command}`]),
  ...commands.map((command) => `/usr/share/man/man8/${command}.8.gz`),
];

/** @param {string} file */
function aside(file) {
  return file.endsWith('.8.gz') ? file.replace(/\.8\.gz$/, '.distrib.8.gz') : `${file}.distrib`;
}

function putControl() {
  const lines = (/** @type {(file: string) => string} */ line) => diverted.map((file) => `  ${line(file)}\n`).join('');
  const divert = `dpkg-divert --package ${name} --rename`;
  put(
    'DEBIAN/preinst',
    `#!/bin/sh\nset -e\nif [ "$1" = install ] || [ "$1" = upgrade ]; then\n${lines(
      (file) => `${divert} --divert ${aside(file)} --add ${file}`,
    )}fi\n`,
    0o755,
  );
  // Only a removal: an upgrade keeps them.
  put(
    'DEBIAN/postrm',
    `#!/bin/sh\nset -e\nif [ "$1" = remove ] || [ "$1" = abort-install ] || [ "$1" = disappear ]; then\n${lines(
      (file) => `${divert} --divert ${aside(file)} --remove ${file}`,
    )}fi\n`,
    0o755,
  );
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.startsWith('DEBIAN') && lstatSync(path.join(root, file)).isFile())
    .sort();
  const sum = (/** @type {string} */ file) =>
    createHash('md5')
      .update(readFileSync(path.join(root, file)))
      .digest('hex');
  put('DEBIAN/md5sums', files.map((file) => `${sum(file)}  ${file}\n`).join(''));
  const size = files.reduce((total, file) => total + Math.ceil(lstatSync(path.join(root, file)).size / 1024), 0);
  put(
    'DEBIAN/control',
    `Package: ${name}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${size}
Depends: nodejs (>= 20.19), libc6 (>= 2.17), libgcc-s1, libstdc++6
Recommends: kmod
Suggests: bash-completion, fping, iproute2
Section: net
Priority: optional
${manifest.homepage === undefined ? '' : `Homepage: ${manifest.homepage}\n`}Description: Linux Virtual Server administration, for Node.js
 IPVS is the layer-4 load balancer of the Linux kernel. This is ipvsadm for
 Node.js: the commands ipvsadm, ipvsadm-save and ipvsadm-restore, compatible
 with those of the package ipvsadm, with an overview, documents in YAML and
 JSON, and a look at what keeps a cluster from working.
 .
 The package ipvsadm may be installed beside it; its commands are then called
 ipvsadm.distrib and so on.
`,
  );
}

/** Modes that don't depend on the umask of who packs. */
function setModes() {
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const full = path.join(root, file);
    const status = lstatSync(full);
    if (status.isSymbolicLink()) continue;
    const isProgram = file.startsWith('DEBIAN/p') || /dist\/bin\/[^/]+\.cjs$|examples\/[^/]+\.sh$/.test(file);
    chmodSync(full, status.isDirectory() || isProgram ? 0o755 : 0o644);
  }
  chmodSync(root, 0o755);
}

try {
  putProgram(binary);
  putRest();
  putControl();
  setModes();
  mkdirSync('build/deb', { recursive: true });
  const file = `build/deb/${name}_${version}_${architecture}.deb`;
  run('dpkg-deb', ['--root-owner-group', '--build', root, file]);
  console.log(file);
} finally {
  rmSync(work, { recursive: true, force: true });
}
