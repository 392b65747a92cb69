// `npm run peers`: what keepalived, ldirectord and ours make of the same servers that fail and recover, measured one after the
// other in one lab. Writes the table into docs/health.md. Takes half an hour; needs root for the Debian packages.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import { ensureDebianPackages, ensureUnpacked } from './lab/debian.mjs';
import { ensureKernel, labPackages, runInLab } from './lab/kernel.mjs';
import { ensureNodeModules, runNode } from './prepare.mjs';
import { abortOnSignals } from './signals.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const end = abortOnSignals('peers');
const file = 'docs/health.md';
const marks = ['<!-- peers: npm run peers -->', '<!-- end of peers -->'];

/** ldirectord, which would start a service if it was installed, and the Perl modules that its check by HTTP loads. */
const perl = [
  ...['ldirectord', 'libsocket6-perl', 'libio-socket-inet6-perl', 'libmailtools-perl', 'libwww-perl', 'liburi-perl'],
  ...[
    'libhttp-message-perl',
    'libhttp-date-perl',
    'libhttp-negotiate-perl',
    'libhttp-cookies-perl',
    'libnet-http-perl',
  ],
  ...['libhtml-parser-perl', 'libhtml-tagset-perl', 'libfile-listing-perl', 'libwww-robotrules-perl'],
  ...['liblwp-mediatypes-perl', 'libencode-locale-perl', 'libtry-tiny-perl', 'libtimedate-perl', 'libio-html-perl'],
  ...['libclone-perl', 'libregexp-ipv6-perl'],
];

/** @returns {Promise<string>} the table */
async function measure() {
  let table = '';
  const stdout = new Writable({
    write(chunk, _, done) {
      table += String(chunk);
      done();
    },
  });
  const words = [process.execPath, '--enable-source-maps', 'build/test/peers/health.peers.js'];
  const status = await runInLab(words, { stdin: null, stdout, timeout: 3600, signal: end.signal });
  if (status !== 0) throw new Error(`status ${status}\n${table}`);
  return table;
}

/**
 * The document with another table between its marks.
 * @param {string} text
 * @param {string} table
 */
function withTable(text, table) {
  const [from = '', to = ''] = marks;
  const start = text.indexOf(from);
  const stop = text.indexOf(to);
  if (start < 0 || stop < start) throw new Error(`${file} has no marks for the table`);
  return `${text.slice(0, start + from.length)}\n\n${table}\n${text.slice(stop)}`;
}

async function main() {
  await ensureNodeModules({ signal: end.signal });
  ensureDebianPackages([...labPackages(), 'keepalived', 'perl']);
  ensureUnpacked(perl);
  ensureKernel();
  await runNode(['scripts/build.mjs', '--tests'], { signal: end.signal });
  const table = await measure();
  const text = withTable(readFileSync(file, 'utf8'), table);
  const options = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...options, filepath: file }));
  return 0;
}

const status = await main().catch((/** @type {unknown} */ error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
process.exitCode = end.status(status);
