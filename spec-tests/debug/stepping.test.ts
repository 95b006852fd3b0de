import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Session, STEPS, type StepKind } from '../../src/debug/session.js';
import { i32 } from '../../src/engine/value.js';
import { debugged, invoked } from './support.js';

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

/**
 * The same where the step is not remembered: `other`, which never made one, goes back from where the step came to. From
 * what it finds such a step comes there; a step by instructions is found exactly.
 */
async function undoneUnremembered(session: Session, other: Session, clock: number, kind: StepKind): Promise<boolean> {
  await session.goto(clock);
  if (session.ended) return false;
  const from = session.clock;
  const { level } = session.target;
  if ((await session.step(kind)).kind !== 'step') return false;
  const to = session.clock;
  // A frame that has just begun goes back to the call that made it, and a step from there goes over the frame.
  if ((kind === 'over' || kind === 'next') && session.target.level !== level) return false;
  await other.goto(to);
  const cause = await other.stepBack(kind);
  if (cause.kind === 'step' && cause.note !== undefined) {
    // There was no such stop before, and so it stays.
    expect(other.clock).toBe(to);
    return false;
  }
  if (['instruction', 'over', 'next', 'step'].includes(kind)) expect(other.clock).toBe(from);
  expect(other.clock).toBeLessThan(to);
  await session.goto(other.clock);
  await session.step(kind);
  expect(session.clock).toBe(to);
  return true;
}

/** Loops that call a function which calls itself. */
const nested = (depth: number): string => `(module (memory 1)
  (func $down (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
  (func (export "run") (param i32) (result i32) (local i32)
    (loop (i32.store (i32.const 8) (local.tee 1 (i32.add (local.get 1) (call $down (i32.const ${depth})))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))`;
const loops = fc.record({
  rounds: fc.integer({ min: 1, max: 9 }),
  depth: fc.integer({ min: 0, max: 5 }),
  clock: fc.nat(400),
  kind: fc.constantFrom(...STEPS),
});

it('rev of every stepping command undoes it, in a Go program', async () => {
  const session = await debugged('hello-go1.27-wasip1', []);
  await session.goto(Infinity);
  const end = session.clock;
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: end - 1 }), fc.constantFrom(...STEPS), async (clock, kind) => void (steps += Number(await undone(session, clock, kind)))),
    { numRuns: 30, seed: 4 },
  );
  expect(steps).toBeGreaterThan(20);
});

it('and those that are stateless undo a step that nobody remembers', async () => {
  const [session, other] = [await debugged('hello-go1.27-wasip1', []), await debugged('hello-go1.27-wasip1', [])];
  await session.goto(Infinity);
  const end = session.clock;
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: end - 1 }),
      fc.constantFrom<StepKind>('instruction', 'over', 'block', 'switch', 'turn', 'host'),
      async (clock, kind) => void (steps += Number(await undoneUnremembered(session, other, clock, kind))),
    ),
    { numRuns: 20, seed: 5 },
  );
  expect(steps).toBeGreaterThan(10);
});

it('and in programs without Go', async () => {
  let [remembered, unremembered] = [0, 0];
  await fc.assert(
    fc.asyncProperty(loops, async ({ rounds, depth, clock, kind }) => {
      const open = (): Promise<Session> => invoked(nested(depth), 'run', [i32(rounds)]);
      remembered += Number(await undone(await open(), clock, kind));
      if (kind === 'stepout' || kind === 'block') return;
      unremembered += Number(await undoneUnremembered(await open(), await open(), clock, kind));
    }),
    { numRuns: 100, seed: 4 },
  );
  expect(remembered).toBeGreaterThan(30);
  expect(unremembered).toBeGreaterThan(15);
});

it('rev stepout without Go goes to the call that made the frame', async () => {
  let calls = 0;
  await fc.assert(
    fc.asyncProperty(loops, async ({ rounds, depth, clock }) => {
      const session = await invoked(nested(depth), 'run', [i32(rounds)]);
      await session.goto(clock);
      const { level } = session.target;
      if (session.ended || level < 2) return;
      await session.step('stepout');
      const behind = session.clock;
      await session.goto(clock);
      const other = await invoked(nested(depth), 'run', [i32(rounds)]);
      await other.goto(clock);
      expect((await other.stepBack('stepout')).kind).toBe('step');
      expect(other.target.level).toBe(level - 1);
      await other.step('over');
      expect(other.clock).toBe(behind);
      calls++;
    }),
    { numRuns: 50, seed: 4 },
  );
  expect(calls).toBeGreaterThan(10);
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
