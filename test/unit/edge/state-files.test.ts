import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ownNamespace, type OwnNamespace } from '../../../src/edge/own-namespace.js';
import { stateFiles } from '../../../src/edge/state-files.js';
import { StateError } from '../../../src/errors.js';

const base = mkdtempSync(join(tmpdir(), 'ipvsadm-state-'));
after(() => {
  rmSync(base, { recursive: true });
});
/** A namespace of this number that has always been there. */
const numbered = (number: number): OwnNamespace => ({ inode: () => number, wasThere: () => true });
let count = 0;
const directoryOfOwn = (): string => join(base, String(count++), 'ipvsadm');

describe('state files', () => {
  test('are written whole, read again, listed and removed, with the rights asked for', () => {
    const directory = directoryOfOwn();
    const files = stateFiles(directory, numbered(7));
    assert.equal(files.read('drained.json'), undefined);
    assert.deepEqual(files.list(''), []);
    files.remove('drained.json');
    files.write('drained.json', 'first', 0o644);
    files.write('drained.json', 'second', 0o644);
    files.write('previous-2.yaml', 'two', 0o600);
    files.write('previous-1.yaml', 'one', 0o600);
    assert.equal(files.read('drained.json'), 'second');
    assert.deepEqual(files.list('previous-'), ['previous-1.yaml', 'previous-2.yaml']);
    assert.deepEqual(readdirSync(directory).sort(), ['7.drained.json', '7.previous-1.yaml', '7.previous-2.yaml']);
    assert.equal(statSync(join(directory, '7.previous-1.yaml')).mode & 0o777, 0o600);
    assert.equal(statSync(join(directory, '7.drained.json')).mode & 0o777, 0o644);
    files.remove('drained.json');
    assert.equal(files.read('drained.json'), undefined);
  });

  test('are those of one network namespace', () => {
    const directory = directoryOfOwn();
    stateFiles(directory, numbered(1)).write('drained.json', 'of 1', 0o644);
    const other = stateFiles(directory, numbered(2));
    assert.equal(other.read('drained.json'), undefined);
    assert.deepEqual(other.list(''), []);
  });

  test('of an earlier namespace with the same number are none, and go when something is written', () => {
    const directory = directoryOfOwn();
    const earlier = stateFiles(directory, numbered(7));
    for (const name of ['drained.json', 'previous-1.yaml']) earlier.write(name, 'of the earlier one', 0o600);
    writeFileSync(join(directory, '7.lock'), '', { mode: 0o600 });
    writeFileSync(join(directory, '77.drained.json'), '', { mode: 0o600 });
    const born = Date.now() - 60_000;
    for (const name of readdirSync(directory)) utimesSync(join(directory, name), born / 1000, born / 1000 - 60);
    const files = stateFiles(directory, { inode: () => 7, wasThere: (time) => time >= born });
    assert.equal(files.read('drained.json'), undefined);
    assert.deepEqual(files.list(''), []);
    files.write('previous-2.yaml', 'of this one', 0o600);
    assert.deepEqual(readdirSync(directory).sort(), ['7.lock', '7.previous-2.yaml', '77.drained.json']);
    assert.equal(files.read('previous-2.yaml'), 'of this one');
  });

  const refused: readonly (readonly [what: string, prepare: (directory: string) => void, reason: RegExp])[] = [
    [
      'a link',
      (directory) => {
        symlinkSync('/etc/hostname', join(directory, '7.a'));
      },
      /Too many levels of symbolic links$/,
    ],
    [
      'a file that others may write',
      (directory) => {
        writeFileSync(join(directory, '7.a'), 'x');
        chmodSync(join(directory, '7.a'), 0o666);
      },
      /others may write it, remove it$/,
    ],
    [
      'a directory',
      (directory) => {
        mkdirSync(join(directory, '7.a'));
      },
      /Is a directory$/,
    ],
  ];
  for (const [what, prepare, reason] of refused) {
    test(`${what} in place of one is not read`, () => {
      const directory = directoryOfOwn();
      mkdirSync(directory, { recursive: true });
      prepare(directory);
      assert.throws(
        () => stateFiles(directory, numbered(7)).read('a'),
        (error) => error instanceof StateError && reason.test(error.message),
      );
    });
  }

  test('nothing is written where others may write to the directory', () => {
    const directory = directoryOfOwn();
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o777);
    assert.throws(() => {
      stateFiles(directory, numbered(7)).write('a', 'x', 0o600);
    }, /others may write to .*, remove it$/);
    assert.deepEqual(readdirSync(directory), []);
  });

  test('a name can lead nowhere else', () => {
    assert.throws(() => stateFiles(base, numbered(7)).read('../a'), RangeError);
  });
});

test('the namespace of this process is there now', () => {
  assert.match(String(ownNamespace.inode()), /^\d{6,}$/);
  assert.ok(ownNamespace.wasThere(Date.now()));
});
