// @ts-check
// What check-replay.mjs and lock-step.mjs share: tests that take hours when they are asked for everything, run one after
// the other. What has passed is remembered, so that a run can be interrupted and goes on where it was; what failed is
// tried again.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { refuse } from './command-line.mjs';

const root = join(import.meta.dirname, '..');

/** @type {readonly { readonly name: string, readonly sha256: string, readonly language: string, readonly target: string }[]} */
export const programs = JSON.parse(readFileSync(join(root, 'spec-tests/programs/programs.json'), 'utf8'));

/**
 * `goal` says all that the outcome depends on; `test` is the file under spec-tests, without its ending.
 * @typedef {{ readonly name: string, readonly goal: string, readonly test: string, readonly env: Readonly<Record<string, string>> }} Check
 */

/**
 * Runs the checks that are named, or all, and sets the exit code.
 * @param {string} memory where in .cache it is remembered what has passed
 * @param {readonly Check[]} all @param {readonly string[]} names @param {boolean} fresh forgets what has passed
 */
export function runChecks(memory, all, names, fresh) {
  const unknown = names.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) refuse(`there is no test program ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
  const stateFile = join(root, '.cache', memory);
  const passed = fresh ? {} : remembered(stateFile);
  const wanted = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const todo = wanted.filter(({ name, goal }) => passed[name] !== goal);
  console.log(`${wanted.length - todo.length} of ${wanted.length} passed before`);

  const failed = [];
  for (const [i, { name, goal, test, env }] of todo.entries()) {
    console.log(`\n${i + 1} of ${todo.length}: ${name}`);
    const { status } = spawnSync('npx', ['vitest', 'run', '--mode', 'built', `spec-tests/${test}.test.ts`, '--reporter=verbose', '--testTimeout=3600000'], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    if (status !== 0) {
      failed.push(name);
      continue;
    }
    passed[name] = goal;
    mkdirSync(dirname(stateFile), { recursive: true });
    writeFileSync(stateFile, JSON.stringify(passed, null, 2));
  }
  console.log(failed.length === 0 ? '\nall of it passed' : `\nfailed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** Which goal each check has reached. @param {string} file @returns {Record<string, string>} */
function remembered(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
