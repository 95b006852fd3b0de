// @ts-check
// What CI does with a few runs of each (spec-tests/replay), done in earnest: records every run of every test program,
// replays and verifies it, goes to a thousand random moments of each program and compares the state with a straight
// run; and kills fifty recording processes at random moments. That takes an hour or more, and can be interrupted.
//
//   npm run build && node tools/check-replay.mjs [--gotos N] [--kills N] [--fresh] [PROGRAM…]
import { commandLine } from './command-line.mjs';
import { programs, runChecks } from './long-checks.mjs';

const { words, numbers, flags } = commandLine({ gotos: 1000, kills: 50 }, ['fresh']);
const [gotos, kills] = [String(numbers.gotos), String(numbers.kills)];
const checks = [
  ...programs.map(({ name, sha256 }) => ({ name, goal: `${sha256} ${gotos}`, test: 'replay/replay', env: { REPLAY_PROGRAM: name, REPLAY_GOTOS: gotos } })),
  { name: 'kills', goal: kills, test: 'replay/files', env: { REPLAY_KILLS: kills } },
];
runChecks('check-replay.json', checks, words, flags.fresh);
