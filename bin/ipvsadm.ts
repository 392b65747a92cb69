import { runProgram } from '../src/edge/program.js';
import { main } from '../src/main.js';

void runProgram(main);
