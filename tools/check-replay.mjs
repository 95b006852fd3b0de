// @ts-check
// What CI does with a few runs of each (spec-tests/replay), done in earnest: records every run of every test program,
// replays and verifies it, goes to a thousand random moments of each program and compares the state with a straight
// run; and kills fifty recording processes at random moments. That takes an hour or more, and can be interrupted.
//
//   npm run build && node tools/check-replay.mjs [--gotos N] [--kills N] [--fresh] [PROGRAM…]
import { parseArgs } from 'node:util';
import { programs, runChecks } from './long-checks.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { gotos: { type: 'string', default: '1000' }, kills: { type: 'string', default: '50' }, fresh: { type: 'boolean', default: false } },
});
const checks = [
  ...programs.map(({ name, sha256 }) => ({ name, goal: `${sha256} ${values.gotos}`, test: 'replay/replay', env: { REPLAY_PROGRAM: name, REPLAY_GOTOS: values.gotos } })),
  { name: 'kills', goal: values.kills, test: 'replay/files', env: { REPLAY_KILLS: values.kills } },
];
runChecks('check-replay.json', checks, positionals, values.fresh);
