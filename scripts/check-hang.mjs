// A lab that does not end reports what it was doing: with its processes, and where none of them responds with its kernel's.
// One whose kernel panics ends at once.
import { Writable } from 'node:stream';
import { runInLab, status } from './lab/kernel.mjs';

/** @type {readonly { script: string, ends: number, reports: RegExp }[]} */
const hangs = [
  {
    script: 'sleep 60',
    ends: status.timeout,
    reports: /^process \d+ of \d+, state S: sleep 60\n.*\n.*__schedule/m,
  },
  {
    script: 'kill -STOP -1; sleep 60',
    ends: status.timeout,
    reports: /its process 1 does not respond\n[^]*^task:init\.sh +state:S/m,
  },
  { script: 'echo c >/proc/sysrq-trigger', ends: status.failed, reports: /Kernel panic/ },
];

for (const { script, ends, reports } of hangs) {
  let output = '';
  const stderr = new Writable({
    write(chunk, _, done) {
      output += String(chunk);
      done();
    },
  });
  const result = await runInLab(['sh', '-c', script], { stdin: null, stderr, timeout: 10, kernel: 'uml' });
  if (result !== ends) throw new Error(`${script}: status ${result}\n${output}`);
  if (!reports.test(output)) throw new Error(`${script}: what it was doing is not reported\n${output}`);
}
