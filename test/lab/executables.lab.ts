import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Lab, type Case } from './differential.js';
import { Installed } from './installed.js';
import type { Normalisation } from './normalise.js';
import type { Rules } from './reference.js';

const words = (text: string): string[] => text.split(' ');
const rules = (...lines: readonly string[]): Rules => lines.map(words);

const installed = new Installed();
const lab = new Lab('executables', { underTest: installed });
after(() => {
  installed.close();
});

const cluster = rules(
  '-A -t 10.0.0.1:80 -s rr',
  '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1',
  '-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 2',
  '-A -u [2001:db8::1]:53 -s wrr -p 60',
  '-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 0',
  '-A -f 7',
);
const dump = `-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1
`;

/** A line of shell, in which the programs are found by PATH; what it sees on standard input comes from `stdin`. */
function shell(line: string, more: Partial<Case> = {}): Case {
  return { title: line, programName: 'sh', argv: ['-c', line], ...more };
}

/** Messages that are our own words: all that counts is that there is one. */
const anyWords: Normalisation = (text) => (text === '' ? '' : 'something');

lab.table('arguments, output and exit status', [
  { argv: [], title: 'no arguments, no services' },
  { argv: ['-Ln'] },
  { argv: words('-A -t 10.0.0.1:80 -s rr') },
  { argv: words('--add-service --udp-service=[2001:db8::1]:53 --persistent') },
  { argv: ['--set', '30', '5', '60'] },
  { argv: ['--nosuch'] },
  { argv: [''], title: 'an empty argument' },
  { argv: ['-A', '-t', 'bücher.invalid:80'], title: 'an argument with letters beyond ASCII' },
  { argv: ['-L', '-t', '10.0.0.1:80'], says: 'No such service' },
  { argv: words('-D -t 10.0.0.1:80'), says: 'No such service' },
  { argv: words('-A -t 10.0.0.1'), says: 'Zero port' },
  { argv: words('-L -q'), says: '-q: unknown option' },
]);

lab.table('arguments, output and exit status, with a table', [
  { argv: [], title: 'no arguments', setup: cluster },
  { argv: ['-Sn'], setup: cluster },
  { argv: words('-Ln --stats --exact'), setup: cluster },
  { argv: words('-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i'), setup: cluster, says: 'Destination already exists' },
  { argv: ['-C'], setup: cluster },
  { argv: ['-R'], setup: cluster, stdin: '-D -t 10.0.0.1:80\n-Ln\n', title: 'a restore from a file' },
]);

lab.table('redirections and pipes', [
  shell('ipvsadm -Sn | sort', { setup: cluster }),
  shell('ipvsadm -Ln | head -1', { setup: cluster }),
  shell('ipvsadm -Ln 2>&1 >/dev/null', { setup: cluster }),
  shell('ipvsadm -Ln 3>&1 4<&-', { setup: cluster }),
  shell('ipvsadm -Ln <&-', { setup: cluster }),
  shell('ipvsadm -Ln --nosuch 2>/dev/null || echo "failed with $?"', { setup: cluster }),
  shell('ipvsadm -Sn >saved && ipvsadm -C && ipvsadm -R <saved && ipvsadm -Ln', { setup: cluster }),
  shell('{ echo "-A -t 10.0.0.9:80"; sleep 0.2; echo "-Sn"; } | ipvsadm -R', { setup: cluster }),
  shell('cat | ipvsadm -R', { setup: cluster, stdin: 'ipvsadm -C\r\n\n-A -f 3\n  -Ln' }),
  shell('ipvsadm -R </dev/null', { setup: cluster }),
  shell('ipvsadm -Ln & wait $!; echo "ended with $?"', { setup: cluster }),
  shell('echo -L -n | xargs ipvsadm', { setup: cluster }),
  shell('timeout 20 ipvsadm -Ln', { setup: cluster }),
  shell('for m in 1 2 3; do ipvsadm -A -f $m -s sh || exit 9; done', {}),
  // A loop that reads its list from standard input loses it to any program in it that reads from there too.
  shell('while read -r server; do ipvsadm -a -f 7 -r "$server" -m; done', {
    setup: cluster,
    stdin: '10.0.0.4\n10.0.0.5:81\n',
  }),
]);

/** A link by another name in a directory of its own. */
const tools = 'mkdir -p /run/tools; ln -sf "$(command -v ipvsadm)" /run/tools/lvsctl';
lab.table('names and places of the program', [
  // What can't be told apart is left out: a name found by a relative directory in PATH, and the whole path of a program
  // that its name alone would have found, too.
  shell(`${tools}; PATH=/run/tools:$PATH; lvsctl -q`, { says: "Try `lvsctl -h'" }),
  shell(`${tools}; /run/tools/lvsctl -q`, { says: "Try `/run/tools/lvsctl -h'" }),
  shell('ln -sf "$(command -v ipvsadm)" lvsctl; ./lvsctl', { setup: cluster }),
  shell('ln -sf "$(command -v ipvsadm)" lvsctl; ./lvsctl -q', { says: "Try `./lvsctl -h'" }),
  shell('cd "$(dirname "$(command -v ipvsadm)")" && ./ipvsadm -Ln', { setup: cluster }),
  shell('cd "$(dirname "$(command -v ipvsadm)")/.." && sbin/ipvsadm -Sn', { setup: cluster }),
  shell('"$(command -v ipvsadm)" -Sn', { setup: cluster }),
  shell('mkdir -p "a b" && ln -sf "$(command -v ipvsadm)" "a b/c d" && "./a b/c d" -Sn', { setup: cluster }),
  shell('cd / && ipvsadm -A -f 1 -q'),
]);

// A working directory that is gone is left out: the shell that starts our program complains of it on standard error.
lab.table('environments', [
  shell('unset HOME && ipvsadm -Ln', { setup: cluster }),
  shell('env -i "PATH=$PATH" ipvsadm -Ln', { setup: cluster }),
  shell('PATH=$(dirname "$(command -v ipvsadm)"):$(dirname "$(command -v node)"); ipvsadm -Ln', { setup: cluster }),
  shell('LC_ALL=tr_TR.UTF-8 TZ=Asia/Tokyo TERM=xterm-256color FORCE_COLOR=1 ipvsadm -Ln', { setup: cluster }),
  shell('COLUMNS=20 ipvsadm -Ln', { setup: cluster }),
  shell('POSIXLY_CORRECT=1 ipvsadm -L foo -n', { setup: cluster }),
  shell('ulimit -n 64 && ipvsadm -Ln', { setup: cluster }),
]);

lab.table('ipvsadm-save and ipvsadm-restore', [
  shell('ipvsadm-save', { setup: cluster }),
  shell('ipvsadm-save -n', { setup: cluster }),
  shell('ipvsadm-save -n -n', { setup: cluster }),
  shell('ipvsadm-save -x', { setup: cluster, normalise: [anyWords] }),
  shell('ipvsadm-save --help', { setup: cluster, normalise: [anyWords] }),
  shell('ipvsadm-save -n >saved && ipvsadm -C && ipvsadm-restore <saved && ipvsadm-save -n', { setup: cluster }),
  shell('ipvsadm-save -n | ipvsadm-restore', { setup: cluster }),
  shell('ipvsadm-restore', { setup: cluster, stdin: `# the cluster\n${dump}\n#-A -f 1\n-A -f 2\n`, title: 'comments' }),
  shell('ipvsadm-restore </dev/null', { setup: cluster }),
  shell('ipvsadm-restore anything', {
    setup: cluster,
    stdin: dump,
    allowed: {
      number: 9,
      reference: { status: 0, stderr: '', table: '-A -t 10.0.0.1:80 -s rr\n' },
      ours: {
        status: 2,
        stderr:
          /^ipvsadm-restore: unexpected argument anything; the table was not touched\nUsage: ipvsadm-restore <FILE\n/,
        table: '-A -f 7 -s wlc\n',
      },
    },
  }),
  shell('ipvsadm-save anything -n', {
    setup: cluster,
    allowed: {
      number: 9,
      reference: { status: 0, stdout: '-A -f 7 -s wlc\n', stderr: '' },
      ours: {
        status: 2,
        stdout: '',
        stderr: /^ipvsadm-save: unexpected argument anything\nUsage: ipvsadm-save \[-n\]\n/,
      },
    },
  }),
]);

test('help and errors of verbs name the program without its directory', async () => {
  const line = `${tools}; /run/tools/lvsctl export --nosuch; /run/tools/lvsctl export --help; /run/tools/lvsctl -h`;
  const [result] = await installed.run([{ programName: 'sh', argv: ['-c', line] }]);
  const text = `${result?.stderr ?? ''}${result?.stdout ?? ''}`;
  assert.match(text, /^lvsctl: unknown option --nosuch\n/);
  assert.match(text, /^ +lvsctl export --format rules /m);
  assert.match(text, /^ {2}lvsctl -A\|E /m);
  assert.doesNotMatch(text, /\/lvsctl/);
});

lab.table('users that may not touch the table', [
  ...['-Ln', '-C', '-A -t 10.0.0.1:80', '--nosuch', '-R'].map((line) =>
    shell(`setpriv --bounding-set=-net_admin ipvsadm ${line}`, {
      setup: cluster,
      says: 'Permission denied (you must be root)',
    }),
  ),
]);
