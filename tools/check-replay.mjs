// Records every test program in every scenario, replays and verifies it, goes to a thousand random moments of it and
// compares the state with a straight run; and kills fifty recording processes at random moments. What CI does with a
// few of each (spec-tests/replay), done in earnest.
//
//   node tools/check-replay.mjs [--gotos N] [--kills N]      after npm run build
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { gotos: { type: 'string', default: '1000' }, kills: { type: 'string', default: '50' } } });
const root = join(import.meta.dirname, '..');
const { status } = spawnSync('npx', ['vitest', 'run', 'spec-tests/replay', '--testTimeout=3600000'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, REPLAY_ALL: '1', REPLAY_GOTOS: values.gotos, REPLAY_KILLS: values.kills },
});
process.exitCode = status ?? 1;
