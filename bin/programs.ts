import { runProgram } from '../src/edge/program.js';
import { main, mainRestore, mainSave } from '../src/main.js';

/** The programs by the names of their commands. */
const programs = { ipvsadm: main, 'ipvsadm-save': mainSave, 'ipvsadm-restore': mainRestore };

/** Runs a program with the arguments of this process, and ends it with the exit status. */
export async function run(name: keyof typeof programs): Promise<never> {
  return runProgram(programs[name]);
}
