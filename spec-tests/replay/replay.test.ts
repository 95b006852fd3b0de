import { describe, expect, it } from 'vitest';
import { Recording } from '../../src/replay/recording.js';
import { Replay } from '../../src/replay/replay.js';
import { Timeline } from '../../src/replay/timeline.js';
import { verify } from '../../src/replay/verify.js';
import { digestOf, hashOf } from '../../src/replay/digest.js';
import { type Job, jobOfRun, jobsOf } from '../support/jobs.js';
import { oracleOf } from '../support/oracles.js';
import { type Program as TestProgram, programs } from '../support/programs.js';
import { Output, record, type Recorded, reread } from '../support/recorded.js';
import { testModule } from '../support/traced.js';

/** tools/check-replay.mjs asks for every run of one program, and more random moments. */
const ONLY = process.env['REPLAY_PROGRAM'];
/** Random moments that are gone to in the runs of one program together, and in each of them at least. */
const GOTOS = Number(process.env['REPLAY_GOTOS'] ?? 20);
const LEAST_GOTOS = 5;

/** Commands whose runs are tried of each program when it has to be quick. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  'go1.27-wasip1': ['channels', 'deadlock', 'files', 'stdin', 'panic', 'exit'],
  'go1.27-js': ['channels', 'timers', 'js-callbacks', 'js-exit-callback', 'js-exception', 'files', 'deadlock', 'exit'],
  'go1.19-js': ['channels', 'js-callbacks'],
  'abi-go1.24-wasip1': ['*'],
  'abi-go1.27-js': ['*'],
  'zig-wasi': ['*'],
  'c-wasi': ['*'],
};

const RUNS_OF_QUICK = 3;

function wantedOf(program: TestProgram): Job[] {
  if (ONLY !== undefined) return jobsOf(program);
  const commands = QUICK[program.name] ?? [];
  const { runs } = oracleOf(program.name);
  const wanted = commands.includes('*') ? runs.slice(0, RUNS_OF_QUICK) : runs.filter(({ args }) => commands.includes(args[0] ?? ''));
  return wanted.map((run) => jobOfRun(program, run));
}

const isRecorded = ({ name }: TestProgram): boolean => (ONLY === undefined ? name in QUICK : name === ONLY);

/** Clock values of a run, the same in each run of the tests. */
function moments(clock: number, count: number): number[] {
  let state = 12345;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * clock);
  });
}

function replayed(recorded: Recorded, name: string): void {
  const replay = new Replay(testModule(name), reread(recorded));
  const output = new Output();
  replay.onOutput = output.write;
  const { outcome, difference, checkpoints } = verify(replay);
  expect(difference).toBeUndefined();
  if (outcome.kind !== 'edge') expect(checkpoints).toBeGreaterThan(0);
  expect(output.text).toBe(recorded.output);
  expect(outcome.kind).toBe(recorded.outcome.kind);
  if (outcome.kind === 'exited') expect(outcome).toEqual(recorded.outcome);
  if (outcome.kind === 'failed' && recorded.outcome.kind === 'failed') expect(outcome.error).toEqual(recorded.outcome.error);
  expect(replay.machine.clock).toBe(recorded.clock);
  if (outcome.kind !== 'edge') replay.store.memories.forEach(({ u8 }, i) => expect(Buffer.compare(u8, recorded.memories[i]!)).toBe(0));
}

async function moved(recorded: Recorded, name: string, gotos: number): Promise<void> {
  const clocks = moments(recorded.clock, gotos);
  const straight = new Replay(testModule(name), reread(recorded));
  const hashes = new Map<number, string>();
  for (const clock of [...clocks].sort((a, b) => a - b)) {
    // At 0 a timeline stands before the host's first call, and a replay that is run to there behind it.
    if (clock > 0) straight.advance(clock);
    expect(straight.machine.clock).toBe(clock);
    hashes.set(clock, hashOf(digestOf(straight.machine)));
  }
  const timeline = new Timeline(new Replay(testModule(name), reread(recorded)));
  for (const clock of clocks) {
    await timeline.goto(clock);
    expect({ clock: timeline.position.clock, hash: timeline.hash }).toEqual({ clock, hash: hashes.get(clock) });
  }
}

for (const program of programs.filter(isRecorded)) {
  describe(program.name, () => {
    const jobs = wantedOf(program);
    const gotos = Math.max(LEAST_GOTOS, Math.ceil(GOTOS / jobs.length));
    for (const job of jobs) {
      it(`${job.name}: recorded, replayed, gone to and fro`, async () => {
        const recorded = await job.record({ real: true });
        replayed(recorded, program.name);
        await moved(recorded, program.name, gotos);
      });
    }
  });
}

describe.skipIf(ONLY !== undefined)('recordings', () => {
  it('under the trampoline of the host are the same runs', async () => {
    const module = testModule('go1.27-wasip1');
    const [ours, theirs] = [await record(module, ['channels'], { trampoline: 'host' }), await record(module, ['channels'])];
    expect(ours.clock).toBe(theirs.clock);
    replayed(ours, 'go1.27-wasip1');
    const other = new Replay(module, reread(ours), { trampoline: 'module' });
    expect(other.advance().kind).toBe('exited');
    expect(other.machine.clock).toBe(ours.clock);
  });

  it('that end anywhere are replayed to there', async () => {
    const recorded = await record(testModule('go1.27-wasip1'), ['channels'], { real: true });
    for (let length = recorded.file.length; length > 0; length = Math.floor(length * 0.8) - 1) {
      let recording: Recording;
      try {
        recording = Recording.read(recorded.file.subarray(0, length));
      } catch (error) {
        expect((error as Error).name).toBe('RecordingError');
        continue;
      }
      const replay = new Replay(testModule('go1.27-wasip1'), recording);
      const output = new Output();
      replay.onOutput = output.write;
      const outcome = replay.advance();
      expect(outcome.kind).toBe(length === recorded.file.length ? 'exited' : 'edge');
      expect(replay.machine.clock).toBe(recording.clock);
      for (const { fd, bytes } of recording.unfinishedOutput()) output.write(fd, bytes);
      expect(recorded.output.startsWith(output.text)).toBe(true);
    }
  });
});
