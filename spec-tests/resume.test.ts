import { describe, expect, test } from 'vitest';
import { BufferedInput } from '../src/host/io.js';
import { MountFs } from '../src/host/mount-fs.js';
import { freshRealm } from '../src/host/node/realm.js';
import { decodeData, encodeData } from '../src/program/data.js';
import { type Outcome, Program } from '../src/program/program.js';
import { testModule } from './support/traced.js';

type Trampoline = 'module' | 'host';

interface World {
  readonly program: Program;
  /** What was written to stdout and stderr, as bytes of either. */
  readonly written: Buffer[];
}

function make(name: string, args: readonly string[], trampoline: Trampoline): World {
  const written: Buffer[] = [];
  const program = new Program(testModule(name), {
    world: {
      args: ['program', ...args],
      streams: {
        stdin: new BufferedInput(new TextEncoder().encode('one\ntwo\nthree\n')),
        isTerminal: () => false,
        write: (fd, bytes) => void written.push(Buffer.from([fd]), Buffer.from(bytes)),
      },
      clock: 'virtual',
      random: 3,
      js: { realm: freshRealm(), fs: new MountFs([]) },
    },
    trampoline,
  });
  return { program, written };
}

interface End {
  readonly outcome: Outcome;
  readonly written: string;
  readonly clock: number;
  readonly calls: number;
  readonly memory: Buffer | undefined;
}

async function end({ program, written }: World): Promise<End> {
  const outcome = await program.run();
  const memory = program.store.memories[0];
  return { outcome, written: Buffer.concat(written).toString('latin1'), clock: program.machine.clock, calls: program.machine.calls, memory: memory && Buffer.from(memory.u8) };
}

/** Deterministic numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const GO = ['hello', 'channels', 'select', 'timers', 'panic', 'deadlock', 'gc', 'stdin', 'goroutine-dump'];
const RUNS: readonly (readonly [string, readonly string[]])[] = [
  ['go1.27-wasip1', GO],
  ['go1.21-wasip1', ['mutex', 'recursion', 'lost-wakeup']],
  ['go1.27-js', ['channels', 'timers', 'deadlock', 'panic']],
  ['go1.19-js', ['select', 'goexit']],
  ['c-wasi', ['']],
  ['zig-wasi', ['']],
];

/** Who resumes goroutines before and after the snapshot. */
const TRAMPOLINES = [
  ['module', 'module'],
  ['host', 'module'],
  ['host', 'host'],
] as const;

/** Goes to `clock`, writes the state down, and comes to the end in a program of its own; or says what stands in the way. */
async function resumed(name: string, args: readonly string[], clock: number, [before, after]: readonly [Trampoline, Trampoline]): Promise<End | string> {
  const first = make(name, args, before);
  first.program.start();
  const stopped = await first.program.run(clock);
  expect(stopped.kind).toBe('stopped');
  expect(first.program.machine.clock).toBe(clock);
  const live = first.program.live();
  if (live.length > 0) return live.join('; ');
  const bytes = encodeData(first.program.save());
  const second = make(name, args, after);
  second.program.load(decodeData(bytes));
  const rest = await end(second);
  return { ...rest, written: Buffer.concat(first.written).toString('latin1') + rest.written };
}

for (const [name, scenarios] of RUNS) {
  describe(name, () => {
    test.each(scenarios)('%s: written down anywhere, it goes on to the same output, clock and memory', async (scenario) => {
      const args = scenario === '' ? [] : [scenario];
      const straight = make(name, args, 'module');
      straight.program.start();
      const expected = await end(straight);
      const next = random(scenario.length + name.length);
      for (let i = 0; i < TRAMPOLINES.length; i++) {
        const clock = 1 + Math.floor(next() * (expected.clock - 1));
        const got = await resumed(name, args, clock, TRAMPOLINES[i]!);
        // A call from JavaScript into Go has a JavaScript frame below it: that is refused, by name.
        if (typeof got === 'string') expect(got).toMatch(/^a call of the host function /);
        else expect({ ...got, memory: undefined, same: expected.memory!.equals(got.memory!) }).toEqual({ ...expected, memory: undefined, same: true });
      }
    });

    test.each(scenarios.slice(0, 2))('%s: under the host trampoline it comes to the same end', async (scenario) => {
      const [ours, theirs] = await Promise.all(
        (['module', 'host'] as const).map((trampoline) => {
          const world = make(name, scenario === '' ? [] : [scenario], trampoline);
          world.program.start();
          return end(world);
        }),
      );
      expect({ ...ours!, memory: ours!.memory!.equals(theirs!.memory!) }).toEqual({ ...theirs!, memory: true });
    });
  });
}
