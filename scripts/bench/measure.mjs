import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A program as it is run: its words, and the file on its standard input.
 * @typedef {{ command: readonly [string, ...string[]], input?: string | undefined }} Run
 */

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/**
 * Wall time of one run in milliseconds; output goes to /dev/null.
 * @param {Run} run
 */
export function time({ command, input }) {
  const stdin = openSync(input ?? '/dev/null', 'r');
  try {
    const [program, ...args] = command;
    const start = process.hrtime.bigint();
    const { status, stderr, error } = spawnSync(program, args, { stdio: [stdin, 'ignore', 'pipe'] });
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    if (error) throw error;
    if (status !== 0)
      throw new Error(`${command.join(' ')}: status ${String(status)}\n${String(stderr).slice(0, 2000)}`);
    return milliseconds;
  } finally {
    closeSync(stdin);
  }
}

/**
 * Median wall times of several programs, run in turn so that what else the machine does hits all of them.
 * @template {string} N
 * @param {Readonly<Record<N, Run>>} runs
 * @param {number} rounds
 * @param {() => void} [before] run before each measured run
 * @returns {Record<N, number>} milliseconds
 */
export function compare(runs, rounds, before) {
  const names = /** @type {N[]} */ (Object.keys(runs));
  const times = new Map(names.map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      before?.();
      times.get(name)?.push(time(runs[name]));
    }
  }
  return /** @type {Record<N, number>} */ (
    Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])]))
  );
}

/**
 * Peak memory of a run in MiB, as GNU time reports it.
 * @param {Run} run
 */
export function peakMemory({ command, input }) {
  const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-bench-'));
  try {
    const file = path.join(directory, 'peak');
    time({ command: ['/usr/bin/time', '-o', file, '-f', '%M', ...command], input });
    return Number(readFileSync(file, 'utf8')) / 1024;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
