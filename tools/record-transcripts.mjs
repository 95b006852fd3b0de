// Writes the debugger's golden transcripts (spec-tests/debug/transcripts) anew. Look at what has changed before it is committed.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npx', ['vitest', 'run', 'spec-tests/debug/transcripts.test.ts', '--update'], { stdio: 'inherit' });
process.exit(status ?? 1);
