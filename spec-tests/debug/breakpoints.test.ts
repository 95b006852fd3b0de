import { expect, it } from 'vitest';
import { type Breakpoint, parseHitCondition } from '../../src/debug/breakpoint.js';
import { Expression } from '../../src/debug/expression.js';
import type { Cause, Session } from '../../src/debug/session.js';
import type { HostFunction } from '../../src/engine/host-function.js';
import { i32 } from '../../src/engine/value.js';
import { loadModule } from '../../src/program/load.js';
import type { Module } from '../../src/wasm/module.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { I32 } from '../../src/wasm/types.js';
import { debugged, invoked } from './support.js';

/** Counts $0 down to 1, and leaves what it counts in memory, a global and a local. */
const COUNTING = `(module (memory (export "memory") 1) (global $count (export "count") (mut i32) (i32.const 0))
  (func $note (param i32) (global.set $count (local.get 0)))
  (func (export "run") (param i32) (result i32) (local $last i32)
    (loop
      (call $note (local.get 0))
      (i32.store (i32.const 8) (i32.div_u (local.get 0) (i32.const 2)))
      (local.set $last (global.get $count))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $last)))`;

/** Goes on until the end, or (`back`) to the beginning; answers what `seen` says at each stop. */
async function stops<T>(session: Session, seen: (cause: Cause & { kind: 'breakpoint' }) => T, back = false): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const cause = back ? await session.reverseContinue() : await session.continue();
    if (cause.kind !== 'breakpoint') return all;
    all.push(seen(cause));
  }
}

const assembled = (text: string): Module => loadModule(assemble(text).bytes);
const value = (session: Session, text: string): unknown => new Expression(text).value(session.scope());

it('a condition lets through the hits at which it holds, forwards and backwards', async () => {
  const session = await invoked(COUNTING, 'run', [i32(9)]);
  const breakpoint = session.breakAt('note');
  breakpoint.condition = new Expression('$0 % 3 == 0 && *(u32*)8 != 2');
  const seen = (): unknown => value(session, '$0');
  // Before $0 is 6 memory holds 7 / 2, before 3 it is 4 / 2.
  expect(await stops(session, seen)).toEqual([9n, 6n]);
  expect(breakpoint.hits).toBe(2);
  expect(await stops(session, seen, true)).toEqual([6n, 9n]);
  // On the way back nothing is counted.
  expect(breakpoint.hits).toBe(2);
  breakpoint.condition = new Expression('$7 == 1');
  expect(await stops(session, seen)).toEqual([]);
});

it.each([
  ['== 3', [7n]],
  ['!= 3', [9n, 8n, 6n, 5n, 4n, 3n, 2n, 1n]],
  ['< 3', [9n, 8n]],
  ['<= 3', [9n, 8n, 7n]],
  ['> 7', [2n, 1n]],
  ['>= 7', [3n, 2n, 1n]],
  ['% 4', [6n, 2n]],
])('a condition on hits: %s', async (text, expected) => {
  const session = await invoked(COUNTING, 'run', [i32(9)]);
  const breakpoint = session.breakAt('note');
  breakpoint.hitCondition = parseHitCondition(text);
  expect(await stops(session, () => value(session, '$0'))).toEqual(expected);
  expect(breakpoint.hits).toBe(9);
});

it('hits are counted where the condition holds, and of a breakpoint that is on', async () => {
  const session = await invoked(COUNTING, 'run', [i32(9)]);
  const breakpoint = session.breakAt('note');
  breakpoint.condition = new Expression('$0 < 8');
  breakpoint.hitCondition = parseHitCondition('== 2');
  const seen = (): unknown => {
    breakpoint.enabled = false;
    return value(session, '$0');
  };
  expect(await stops(session, seen)).toEqual([6n]);
  expect(breakpoint.hits).toBe(2);
});

it('a log point says what it sees and does not stop; two at one place both do', async () => {
  const session = await invoked(COUNTING, 'run', [i32(3)]);
  const said: string[] = [];
  session.onLog = (text) => said.push(text.replace(/clock \d+/, 'clock N'));
  const breakpoint = session.breakAt('note');
  breakpoint.log = [new Expression('$0'), new Expression('*(u32*)8'), new Expression('$5')];
  session.breakAt('note').log = [new Expression('"too"')];
  const words = (n: number, memory: number): string[] => [`> [log point 1] note (clock N) $0 = ${n} *(u32*)8 = ${memory} $5: there is no local $5: the frame has 1`, '> [log point 2] note (clock N) "too" = too'];
  expect((await session.continue()).kind).toBe('end');
  expect(said).toEqual([...words(3, 0), ...words(2, 1), ...words(1, 1)]);
  // Backwards they are silent.
  expect((await session.reverseContinue()).kind).toBe('beginning');
  expect(said.length).toBe(6);
});

it('a step onto a breakpoint meets it', async () => {
  const session = await invoked(COUNTING, 'run', [i32(2)]);
  const breakpoint = session.breakAt('note');
  const causes: string[] = [];
  for (let i = 0; i < 4; i++) causes.push((await session.step('instruction')).kind);
  expect(causes).toEqual(['step', 'breakpoint', 'step', 'step']);
  expect(breakpoint.hits).toBe(1);
});

it('of a Go program too: condition, hits and log point at a line', async () => {
  const session = await debugged('go1.27-wasip1', ['lost-wakeup']);
  const said: string[] = [];
  session.onLog = (text) => said.push(text);
  const put = session.breakAt('main.(*mailbox).put');
  put.log = [new Expression('goid'), new Expression('arg[2]')];
  const lock = session.breakAt('sync.(*Mutex).Lock');
  lock.condition = new Expression('goid == 1');
  lock.hitCondition = parseHitCondition('== 2');
  const cause = await session.continue();
  expect(cause).toMatchObject({ kind: 'breakpoint', hits: [{ breakpoint: lock }] });
  expect(said.length).toBe(1);
  expect(said[0]).toMatch(/^> \[log point 1\] main\.\(\*mailbox\)\.put .*failures\.go:237 \(clock \d+, goroutine 1\) goid = 1 arg\[2\] = \d+/);
  expect(lock.hits).toBe(2);
});

// Watchpoints

async function watched(kind: 'memory' | 'count' | '$1' | '$0', on: 'read' | 'write' | 'change'): Promise<[Session, Breakpoint]> {
  const session = await invoked(COUNTING, 'run', [i32(5)]);
  if (kind === 'memory') return [session, session.watch({ kind: 'memory', address: 8, length: 4 }, on)];
  if (kind === 'count') return [session, session.watch({ kind: 'global', index: 0 }, on)];
  await session.step('instruction');
  return [session, (await session.watchLocal(Number(kind.slice(1)), on))!];
}

it.each([
  ['memory', 'write', ['0 2', '2 2', '2 1', '1 1', '1 0']],
  ['memory', 'change', ['0 2', '2 1', '1 0']],
  ['memory', 'read', []],
  ['count', 'write', ['0 5', '5 4', '4 3', '3 2', '2 1']],
  ['count', 'change', ['0 5', '5 4', '4 3', '3 2', '2 1']],
  ['count', 'read', ['5', '4', '3', '2', '1']],
  ['$1', 'write', ['0 5', '5 4', '4 3', '3 2', '2 1']],
  ['$1', 'change', ['0 5', '5 4', '4 3', '3 2', '2 1']],
  ['$1', 'read', ['1']],
  ['$0', 'change', ['5 4', '4 3', '3 2', '2 1', '1 0']],
  // The first read was before the watch began.
  ['$0', 'read', ['5', '5', '4', '4', '4', '3', '3', '3', '2', '2', '2', '1', '1', '1']],
] as const)('a watch on %s for %s, in both directions', async (kind, on, expected) => {
  const [session] = await watched(kind, on);
  const name = { memory: '*(u32*)8', count: 'count', $1: '$1', $0: '$0' }[kind];
  const seen = ({ hits: [hit] }: Cause & { kind: 'breakpoint' }): string => {
    const before = value(session, name);
    // It stands before the instruction.
    if (hit!.change !== undefined) expect(hit!.change.before).toBe(before);
    return hit!.change === undefined ? String(before) : `${hit!.change.before} ${hit!.change.after}`;
  };
  const forwards: [number, string][] = [];
  await stops(session, (cause) => forwards.push([session.clock, seen(cause)]));
  expect(forwards.map(([, text]) => text)).toEqual(expected);
  const backwards: [number, string][] = [];
  await stops(session, (cause) => backwards.push([session.clock, seen(cause)]), true);
  // Going back also meets what was before the watch was set, as far as there was the frame.
  expect(backwards.reverse().slice(-forwards.length || backwards.length)).toEqual(forwards);
  expect(backwards.length - forwards.length).toBe(kind === '$0' && on === 'read' ? 1 : 0);
});

it('hits of a watch on changes are its changes, and a log point tells of each', async () => {
  const [session, watch] = await watched('memory', 'change');
  watch.hitCondition = parseHitCondition('== 2');
  expect(await stops(session, ({ hits }) => hits[0]!.change)).toEqual([{ before: 2n, after: 1n }]);
  expect(watch.hits).toBe(3);
  await session.goto(0);
  watch.hitCondition = undefined;
  watch.log = [new Expression('count')];
  const said: string[] = [];
  session.onLog = (text) => said.push(text.split(') ')[1]!);
  expect((await session.continue()).kind).toBe('end');
  expect(said).toEqual(['count = 5', 'count = 3', 'count = 1']);
});

it('a local is watched as long as its frame lives', async () => {
  const text = `(module
    (func $inner (param i32) (result i32) (local.set 0 (i32.add (local.get 0) (i32.const 1))) (local.get 0))
    (func $deep (param i32) (result i32) (if (result i32) (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $inner (i32.const 7)))))
    (func (export "run") (result i32)
      (drop (call $inner (i32.const 1))) (drop (call $deep (i32.const 2))) (drop (call $inner (i32.const 2))) (call $inner (i32.const 3))))`;
  const session = await invoked(text, 'run', []);
  const entry = session.breakAt('inner');
  entry.hitCondition = parseHitCondition('== 3');
  await session.continue();
  expect(value(session, '$0')).toBe(2n);
  session.clear(entry);
  const { clock } = session;
  await session.watchLocal(0, 'write');
  const seen = ({ hits }: Cause & { kind: 'breakpoint' }): unknown => hits[0]!.change;
  expect(await stops(session, seen)).toEqual([{ before: 2n, after: 3n }]);
  expect(await stops(session, seen, true)).toEqual([{ before: 2n, after: 3n }]);
  // From behind its end, without having come by.
  await session.goto(Infinity);
  expect(await stops(session, seen, true)).toEqual([{ before: 2n, after: 3n }]);
  await session.goto(clock + 12);
  expect(await stops(session, seen)).toEqual([]);
});

it('what the host writes is met before the call that lets it', async () => {
  const text = `(module (import "env" "write" (func $write (param i32))) (memory (export "memory") 1) (global $g (export "g") (mut i32) (i32.const 1))
    (func (export "run") (call $write (i32.const 5)) (call $write (i32.const 5)) (call $write (i32.const 6))))`;
  let set: ((value: number) => void) | undefined;
  const write: HostFunction = {
    kind: 'full',
    name: 'env.write',
    type: { kind: 'func', params: [I32], results: [] },
    call: ({ args, memory }) => {
      memory.setU32(16, args.i32(0));
      set!(args.i32(0));
    },
  };
  const open = (): Promise<Session> =>
    debugged(
      assembled(text),
      [],
      (program) => {
        const { cell } = program.store.globals[program.instance.globals[0]!]!;
        set = (number) => (program.store.globalCells.i32[cell * 2] = number);
        program.invoke('run', []);
      },
      { imports: () => write },
    );
  for (const thing of [{ kind: 'memory', address: 16, length: 4 }, { kind: 'global', index: 0 }] as const) {
    const session = await open();
    session.watch(thing);
    const seen = ({ hits }: Cause & { kind: 'breakpoint' }): unknown => [session.clock, hits[0]!.change];
    const start = thing.kind === 'memory' ? 0n : 1n;
    const forwards = await stops(session, seen);
    expect(forwards).toEqual([[1, { before: start, after: 5n }], [5, { before: 5n, after: 6n }]]);
    expect(await stops(session, seen, true)).toEqual(forwards.reverse());
  }
});

// Traps

it.each([
  ['divides by zero', '(i32.div_s (i32.const 1) (local.get 0))', 'integer divide by zero'],
  ['runs out of stack', '(call $run (local.get 0))', 'call stack exhausted'],
  ['throws', 'nop (throw $e) (i32.const 0)', 'uncaught exception tag 0'],
])('event trap stops before the instruction that %s, in both directions', async (_, body, message) => {
  const session = await invoked(`(module (tag $e) (func $run (export "run") (param i32) (result i32) ${body}))`, 'run', [i32(0)], { maxCallDepth: 1000 });
  session.breakOn('trap');
  const cause = await session.continue();
  expect(cause).toMatchObject({ kind: 'breakpoint', hits: [{ detail: message }] });
  const { clock } = session;
  const before = session.timeline.hash;
  // The state is that before the instruction, and it has yet to fail.
  expect(session.ended).toBe(false);
  expect(session.target.machine.frames(1)[0]).toMatchObject({ kind: 'wasm' });
  expect((await session.continue()).kind).toBe('failure');
  expect(session.ended).toBe(true);
  expect((await session.reverseContinue()).kind).toBe('breakpoint');
  expect([session.clock, session.timeline.hash]).toEqual([clock, before]);
  expect((await session.reverseContinue()).kind).toBe('beginning');
});

it('events that a program cannot have are refused, with the nearest', async () => {
  const session = await invoked('(module (func (export "run")))', 'run', []);
  expect(() => session.breakOn('panic')).toThrow('panic is an event of Go programs');
  expect(() => session.breakOn('tarp')).toThrow('there is no event tarp; did you mean trap? (trap)');
});

it('event trap is heard in a callback too, whose host goes on', async () => {
  const text = `(module (import "env" "try" (func $try (param i32) (result i32)))
    (func (export "div") (param i32) (result i32) (i32.div_s (i32.const 12) (local.get 0)))
    (func (export "run") (result i32) (i32.add (call $try (i32.const 3)) (i32.add (call $try (i32.const 0)) (call $try (i32.const 4))))))`;
  let call: ((argument: number) => number) | undefined;
  const attempt: HostFunction = {
    kind: 'full',
    name: 'env.try',
    type: { kind: 'func', params: [I32], results: [I32] },
    call: ({ args, results }) => {
      let answer = -1;
      try {
        answer = call!(args.i32(0));
      } catch {
        // The host bears with it.
      }
      results.setI32(0, answer);
    },
  };
  const session = await debugged(
    assembled(text),
    [],
    (program) => {
      const { address } = program.instance.exports.get('div')!;
      call = (argument) => (program.driver.call(address, [i32(argument)])[0] as { i32: number }).i32;
      program.invoke('run', []);
    },
    { imports: () => attempt },
  );
  const trap = session.breakOn('trap');
  trap.condition = new Expression('$0 == 0');
  const seen = (): unknown => [session.clock, session.target.machine.frames().length];
  const forwards = await stops(session, seen);
  expect(forwards).toEqual([[expect.any(Number), 3]]);
  expect(session.target.replay.outcome).toMatchObject({ kind: 'returned', results: [{ i32: 6 }] });
  expect(await stops(session, seen, true)).toEqual(forwards);
});

it('a breakpoint and a watchpoint at one instruction are met together', async () => {
  const session = await invoked('(module (memory 1) (func (export "run") (i32.store (i32.const 0) (i32.const 1)) nop))', 'run', []);
  const store = await session.continue().then(() => session.goto(2)).then(() => session.target.machine.frames(1)[0]!);
  await session.goto(0);
  session.breakAt(`*${store.kind === 'wasm' ? store.offset : 0}`);
  session.watch({ kind: 'memory', address: 0, length: 4 });
  for (const back of [false, true]) {
    expect(await stops(session, ({ hits }) => [session.clock, hits.map(({ breakpoint }) => breakpoint.id).sort()], back)).toEqual([[2, [1, 2]]]);
  }
});
