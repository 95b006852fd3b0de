import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Session, StepKind } from '../../src/debug/session.js';
import { loadModule } from '../../src/program/load.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { i32 } from '../../src/engine/value.js';
import { debugged } from './support.js';

/** Steps from a random moment, and takes the step back; answers whether there was a step to take. */
async function undone(session: Session, clock: number, kind: StepKind): Promise<boolean> {
  await session.goto(clock);
  if (session.ended) return false;
  const from = session.clock;
  const before = session.timeline.hash;
  const cause = await session.step(kind);
  if (cause.kind !== 'step') return false;
  expect(session.clock).toBeGreaterThan(from);
  await session.stepBack(kind);
  expect(session.clock).toBe(from);
  expect(session.timeline.hash).toBe(before);
  return true;
}

it('rev of every stepping command undoes it, in a Go program', async () => {
  const session = await debugged('hello-go1.27-wasip1', []);
  await session.goto(Infinity);
  const end = session.clock;
  let steps = 0;
  const kinds: readonly StepKind[] = ['instruction', 'over', 'block', 'step', 'next', 'stepout', 'switch', 'turn', 'host'];
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: end - 1 }), fc.constantFrom(...kinds), async (clock, kind) => void (steps += Number(await undone(session, clock, kind)))),
    { numRuns: 25, seed: 4 },
  );
  expect(steps).toBeGreaterThan(15);
});

it('and in programs without Go', async () => {
  let steps = 0;
  const loops = fc.record({ rounds: fc.integer({ min: 1, max: 9 }), depth: fc.integer({ min: 0, max: 5 }), clock: fc.nat(400), kind: fc.constantFrom<StepKind>('instruction', 'over', 'next', 'step', 'stepout') });
  await fc.assert(
    fc.asyncProperty(loops, async ({ rounds, depth, clock, kind }) => {
      const text = `(module (memory 1)
        (func $down (param i32) (result i32)
          (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
        (func (export "run") (param i32) (result i32) (local i32)
          (loop (i32.store (i32.const 8) (local.tee 1 (i32.add (local.get 1) (call $down (i32.const ${depth})))))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get 1)))`;
      const session = await debugged(loadModule(assemble(text).bytes), [], (program) => program.invoke('run', [i32(rounds)]));
      steps += Number(await undone(session, clock, kind));
    }),
    { numRuns: 40, seed: 4 },
  );
  expect(steps).toBeGreaterThan(10);
});

it('rev next goes to where the line before began, however it was reached', async () => {
  const session = await debugged('go1.27-wasip1', ['lost-wakeup']);
  session.breakAt('main.lostWakeup');
  await session.continue();
  const stops = [session.clock];
  for (let i = 0; i < 2; i++) {
    await session.step('next');
    stops.push(session.clock);
  }
  // In a session of its own no step is there to be taken back.
  const other = await debugged('go1.27-wasip1', ['lost-wakeup']);
  await other.goto(stops[2]!);
  const back = [other.clock];
  for (let i = 0; i < 2; i++) {
    await other.stepBack('next');
    back.push(other.clock);
  }
  expect(back.toReversed()).toEqual(stops);
});
