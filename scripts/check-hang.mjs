// A lab that does not end tells what it was doing: with its processes, and where none of them answers with its kernel's.
import { Writable } from 'node:stream';
import { runInLab, status } from './lab/kernel.mjs';

/** @type {readonly { script: string, tells: RegExp }[]} */
const hangs = [
  { script: 'sleep 60', tells: /^process \d+ of \d+, state S: sleep 60\n.*\n.*__schedule/m },
  { script: 'kill -STOP -1; sleep 60', tells: /its process 1 does not answer\n[^]*^task:init\.sh +state:S/m },
];

for (const { script, tells } of hangs) {
  let told = '';
  const stderr = new Writable({
    write(chunk, _, done) {
      told += String(chunk);
      done();
    },
  });
  const result = await runInLab(['sh', '-c', script], { stdin: null, stderr, timeout: 5 });
  if (result !== status.timeout) throw new Error(`${script}: status ${result}\n${told}`);
  if (!tells.test(told)) throw new Error(`${script}: what it was doing is not told\n${told}`);
}
