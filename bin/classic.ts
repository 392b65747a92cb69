import { runProgram } from '../src/edge/program.js';
import { classic, mainRestore, mainSave } from '../src/main.js';

/** What the commands do with words that are no verb's. */
const programs = { ipvsadm: classic, 'ipvsadm-save': mainSave, 'ipvsadm-restore': mainRestore };

/** Runs a program with the arguments of this process, and ends it with the exit status. */
export async function run(name: keyof typeof programs): Promise<never> {
  return runProgram(programs[name]);
}
