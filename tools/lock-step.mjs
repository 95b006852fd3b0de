// @ts-check
// What CI does with one run and twenty stops of each (spec-tests/lock-step), done in earnest: every run of every test
// program in both tiers, stopped at a thousand random moments of each program; clock, calls and whole state must be the
// same at each. That takes hours, and can be interrupted. --runs N takes N runs of a program, spread over all of them.
//
//   npm run build && node tools/lock-step.mjs [--stops N] [--runs N] [--fresh] [PROGRAM…]
import { parseArgs } from 'node:util';
import { programs, runChecks } from './long-checks.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stops: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '10000' },
    fresh: { type: 'boolean', default: false },
  },
});
const { stops, runs } = values;
const checks = programs.map(({ name, sha256, language, target }) => ({
  name,
  goal: `${sha256} ${stops} ${runs}`,
  test: `lock-step/${language === 'go' ? `go-${target}` : 'c-zig'}`,
  env: { LOCK_STEP_PROGRAM: name, LOCK_STEP_STOPS: stops, LOCK_STEP_RUNS: runs },
}));
runChecks('lock-step.json', checks, positionals, values.fresh);
