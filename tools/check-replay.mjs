// @ts-check
// What CI does with a few runs of each (spec-tests/replay), done in earnest: records every run of every test program,
// replays and verifies it, goes to a thousand random moments of each program and compares the state with a straight
// run; and kills fifty recording processes at random moments. That takes an hour or more. What is done is remembered
// in .cache/check-replay.json, so that it can be interrupted and goes on where it was; programs that failed are tried
// again.
//
//   npm run build && node tools/check-replay.mjs [--gotos N] [--kills N] [--fresh] [PROGRAM…]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { gotos: { type: 'string', default: '1000' }, kills: { type: 'string', default: '50' }, fresh: { type: 'boolean', default: false } },
});
const root = join(import.meta.dirname, '..');
const stateFile = join(root, '.cache/check-replay.json');

/** What has passed, and with how many gotos or kills. @type {Record<string, string>} */
const passed = values.fresh ? {} : remembered();
function remembered() {
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8'));
  } catch {
    return {};
  }
}

const KILLS = 'kills';
/** @type {readonly { readonly name: string, readonly sha256: string }[]} */
const programs = JSON.parse(readFileSync(join(root, 'spec-tests/programs/programs.json'), 'utf8'));
const all = [
  ...programs.map(({ name, sha256 }) => ({ name, goal: `${sha256} ${values.gotos}`, test: 'replay', env: { REPLAY_PROGRAM: name, REPLAY_GOTOS: values.gotos } })),
  { name: KILLS, goal: values.kills, test: 'files', env: { REPLAY_KILLS: values.kills } },
];
const unknown = positionals.filter((name) => !all.some((one) => one.name === name));
if (unknown.length > 0) throw new Error(`no test program ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
const wanted = all.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const todo = wanted.filter(({ name, goal }) => passed[name] !== goal);
console.log(`${wanted.length - todo.length} of ${wanted.length} passed before`);

const failed = [];
for (const [i, { name, goal, test, env }] of todo.entries()) {
  console.log(`\n${i + 1} of ${todo.length}: ${name}`);
  const { status } = spawnSync('npx', ['vitest', 'run', `spec-tests/replay/${test}.test.ts`, '--reporter=verbose', '--testTimeout=3600000'], {
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
