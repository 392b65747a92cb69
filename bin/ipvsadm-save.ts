import { runProgram } from '../src/edge/program.js';
import { mainSave } from '../src/main.js';

void runProgram(mainSave);
