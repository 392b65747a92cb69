import { parentPort, workerData } from 'node:worker_threads';
import { answerRequest } from '../src/command/parse-apart.js';

// A thread of a daemon: parses one document.
void answerRequest(workerData).then((answer) => parentPort?.postMessage(answer));
