import { runProgram } from '../src/edge/program.js';
import { mainRestore } from '../src/main.js';

void runProgram(mainRestore);
