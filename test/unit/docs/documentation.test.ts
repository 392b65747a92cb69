import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { format } from 'prettier';
import { verbs } from '../../../src/cli/run-verb.js';
import { helpText } from '../../../src/format/help.js';
import { commandSpellings, optionSpellings, type Spelling } from '../../../src/grammar/options.js';
import { directorChecks, realServerChecks } from '../../../src/doctor/checks.js';
import { verbSummaries } from '../../../src/grammar/verbs.js';
import { referenceText } from '../support/reference-text.js';
import { releaseDate, version } from '../../../src/version.js';

const manual = readFileSync('man/ipvsadm.8', 'utf8');
const readme = readFileSync('README.md', 'utf8');
const reference = readFileSync('docs/reference.md', 'utf8');
const help = helpText('ipvsadm', Object.entries(verbSummaries));
const spellings: readonly Spelling[] = [...commandSpellings, ...optionSpellings];

/** Dashes and names as a person types them: `--list`, `-L`, `-l`. */
function typed({ long, short }: Spelling): string[] {
  return [`--${long}`, ...short.map((letter) => `-${letter}`)];
}

/** Whether a text holds a word that is not part of a longer one. */
function mentions(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(text);
}

describe('documentation', () => {
  for (const spelling of spellings) {
    test(`--${spelling.long} is in the manual, the help and the reference`, () => {
      for (const word of typed(spelling)) {
        const mdoc = word.startsWith('--') ? `Fl \\-?-${spelling.long}` : `Fl ${word.slice(1)}`;
        assert.match(manual, new RegExp(`^\\.It .*${mdoc}(?![\\w-])`, 'm'), `${word} has no entry in the manual`);
        assert.ok(reference.includes(`\`${word}\``), `${word} is not in docs/reference.md`);
        // The list command's two letters stand together: -L|-l.
        assert.ok(mentions(help, word), `${word} is not in the help`);
      }
    });
  }

  for (const verb of Object.keys(verbSummaries)) {
    test(`the verb ${verb} is in the manual, the help and the README`, () => {
      assert.match(manual, new RegExp(`^\\.(It|Nm|Ss|Cm|Ic).*\\b${verb}\\b`, 'm'));
      assert.ok(mentions(help, verb));
      assert.ok(mentions(readme, `ipvsadm ${verb}`));
    });
  }

  for (const { name, options } of verbs) {
    test(`every option of ${name} is in the manual`, () => {
      const missing = Object.entries(options).flatMap(([option, { alias }]) => {
        // What holds unless it is denied has its denial there; what has a letter may have that alone.
        const spelt = [`-${option}`, `-no-${option}`, ...(typeof alias === 'string' ? [alias] : [])];
        return spelt.some((word) => new RegExp(`\\bFl ${word}(?![\\w-])`).test(manual)) ? [] : [option];
      });
      assert.deepEqual(missing, []);
    });
  }

  test('docs/reference.md is what the help and the verbs say', async () => {
    assert.equal(await format(referenceText(), { parser: 'markdown' }), reference, 'run: npm run reference');
  });

  test('every check of doctor is in the manual and in docs/doctor.md, in the order of the report', () => {
    const ids = [...directorChecks, ...realServerChecks].map(({ id }) => id);
    const [guide = ''] = readFileSync('docs/doctor.md', 'utf8').split('## For programs');
    assert.deepEqual(
      [...guide.matchAll(/^\| `([a-z][a-z-]*)` /gm)].map(([, id]) => id),
      ids,
    );
    const section = /^\.Ss Checks on a director$(.*?)^\.Sh/ms.exec(manual)?.[1] ?? '';
    assert.deepEqual(
      [...section.matchAll(/^\.It Cm ([a-z-]+)$/gm)].map(([, id]) => id),
      ids,
    );
  });

  test('the sixteen differences from the original are in the manual and the README', () => {
    const listed = (text: string, item: RegExp): number => [...text.matchAll(item)].length;
    const section = /^## Differences from ipvsadm 1\.31$(.*?)^## /ms.exec(readme)?.[1] ?? '';
    assert.equal(listed(section, /^\d+\. /gm), 16);
    const manualSection = /^\.Ss Better on purpose$(.*?)^\.El/ms.exec(manual)?.[1] ?? '';
    assert.equal(listed(manualSection, /^\.It/gm), 16);
  });

  test('Node.js starts within the address space that the README recommends', () => {
    const [, limit = ''] = /Set such a limit\s+to ([\d,]+) KiB or more/.exec(readme) ?? [];
    const script = `ulimit -v ${limit.replaceAll(',', '')} && exec "$0" -e 0`;
    const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath], { encoding: 'utf8' });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });

  test('the version is that of package.json, and the changelog knows it', () => {
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    assert.ok(typeof manifest === 'object' && manifest !== null && 'version' in manifest);
    assert.equal(version, manifest.version);
    assert.match(releaseDate, /^\d{4}\/\d{2}\/\d{2}$/);
    assert.ok(readFileSync('CHANGELOG.md', 'utf8').includes(`[${version}]`));
  });
});
