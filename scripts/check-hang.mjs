// A lab that does not end tells what it was doing: with its processes, and where none of them answers with its kernel's.
// One whose kernel panics ends at once.
import { Writable } from 'node:stream';
import { runInLab, status } from './lab/kernel.mjs';

/** @type {readonly { script: string, ends: number, tells: RegExp }[]} */
const hangs = [
  {
    script: 'sleep 60',
    ends: status.timeout,
    tells: /^process \d+ of \d+, state S: sleep 60\n.*\n.*__schedule/m,
  },
  {
    script: 'kill -STOP -1; sleep 60',
    ends: status.timeout,
    tells: /its process 1 does not answer\n[^]*^task:init\.sh +state:S/m,
  },
  { script: 'echo c >/proc/sysrq-trigger', ends: status.failed, tells: /Kernel panic/ },
];

for (const { script, ends, tells } of hangs) {
  let told = '';
  const stderr = new Writable({
    write(chunk, _, done) {
      told += String(chunk);
      done();
    },
  });
  const result = await runInLab(['sh', '-c', script], { stdin: null, stderr, timeout: 10, kernel: 'uml' });
  if (result !== ends) throw new Error(`${script}: status ${result}\n${told}`);
  if (!tells.test(told)) throw new Error(`${script}: what it was doing is not told\n${told}`);
}
