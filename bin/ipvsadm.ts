import { isVerb } from '../src/grammar/verbs.js';

// The classic command line and the verbs are a file each: compiling the verbs would take a tenth of the time of `ipvsadm -Ln`.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- one of two files, whose names are those of the package
const { run } = require(isVerb(process.argv[2]) ? '../verbs.cjs' : '../classic.cjs') as {
  run: (name: string) => Promise<never>;
};
void run('ipvsadm');
