// @ts-check
// What CI does with one run and twenty stops of each (spec-tests/lock-step), done in earnest: every run of every test
// program in both tiers, stopped at a thousand random moments of each program; clock, calls and whole state must be the
// same at each. That takes hours, and can be interrupted. --runs N takes N runs of a program, spread over all of them.
//
//   npm run build && node tools/lock-step.mjs [--stops N] [--runs N] [--fresh] [PROGRAM…]
import { commandLine } from './command-line.mjs';
import { programs, runChecks } from './long-checks.mjs';

const { words, numbers, flags } = commandLine({ stops: 1000, runs: 10_000 }, ['fresh']);
const [stops, runs] = [String(numbers.stops), String(numbers.runs)];
const checks = programs.map(({ name, sha256, language, target }) => ({
  name,
  goal: `${sha256} ${stops} ${runs}`,
  test: `lock-step/${language === 'go' ? `go-${target}` : 'c-zig'}`,
  env: { LOCK_STEP_PROGRAM: name, LOCK_STEP_STOPS: stops, LOCK_STEP_RUNS: runs },
}));
runChecks('lock-step.json', checks, words, flags.fresh);
