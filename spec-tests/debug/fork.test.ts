import { expect, it } from 'vitest';
import { Expression } from '../../src/debug/expression.js';
import { callExport, ForkError, forkWith, type Settable } from '../../src/debug/fork.js';
import type { Session } from '../../src/debug/session.js';
import type { HostFunction } from '../../src/engine/host-function.js';
import { i32 } from '../../src/engine/value.js';
import { I32 } from '../../src/wasm/types.js';
import { debugged, invoked } from './support.js';

const PROGRAM = `(module (import "env" "read" (func $read (result i32))) (memory (export "memory") 1)
  (global $scale (export "scale") (mut i32) (i32.const 10)) (global $wide (mut i64) (i64.const 0)) (global $single (mut f32) (f32.const 0))
  (global $fixed i32 (i32.const 1)) (global $vector (mut v128) (v128.const i64x2 0 0))
  (func $inner (param $n i32) (result i32) (local $k i64) nop (i32.mul (local.get $n) (global.get $scale)))
  (func (export "double") (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
  (func (export "ask") (result i32) (call $read))
  (func (export "fails") unreachable)
  (func (export "forever") (loop (br 0)))
  (func (export "run") (param i32) (result i32) (local $sum i32)
    (local.set $sum (call $inner (local.get 0)))
    (if (i32.load (i32.const 8)) (then (local.set $sum (i32.add (local.get $sum) (call $read)))))
    (i32.add (local.get $sum) (i32.load (i32.const 4)))))`;

const read: HostFunction = { kind: 'leaf', name: 'env.read', type: { kind: 'func', params: [], results: [I32] }, call: (_, results) => results.setI32(0, 1000) };

/** Stands in `$inner`; straight on, `run` answers 70. */
async function inside(): Promise<Session> {
  const session = await invoked(PROGRAM, 'run', [i32(7)], { imports: () => read });
  session.breakAt('inner');
  await session.continue();
  return session;
}

async function result(session: Session): Promise<unknown> {
  for (const breakpoint of [...session.breakpoints]) session.clear(breakpoint);
  const cause = await session.continue();
  return cause.kind === 'end' && cause.outcome.kind === 'returned' ? (cause.outcome.results[0] as { i32: number }).i32 : cause;
}

it.each<[Settable, string, number]>([
  [{ kind: 'memory', address: 4, cell: 'u32' }, '5', 75],
  [{ kind: 'memory', address: 4, cell: 'u8' }, '-1', 70 + 255],
  [{ kind: 'memory', address: 5, cell: 'u16' }, '$0 + 1', 70 + 8 * 256],
  [{ kind: 'memory', address: 4, cell: 'f32' }, '1.5', 70 + 0x3fc00000],
  [{ kind: 'memory', address: 0, cell: 'u64' }, '0x300000000', 73],
  [{ kind: 'global', index: 0 }, 'scale * 3', 210],
  [{ kind: 'local', index: 0 }, '-2', -20],
])('set %j = %s makes a fork, and the recording stays as it was', async (what, text, expected) => {
  const session = await inside();
  const before = session.timeline.hash;
  const recorded = session.target.replay.recording.bytes.slice();
  const fork = await forkWith(session, what, text);
  expect(fork.isFork).toBe(true);
  expect(fork.clock).toBe(session.clock);
  // The change is there however one comes to this moment.
  const changed = fork.timeline.hash;
  expect(changed).not.toBe(before);
  await fork.step('instruction');
  await fork.stepBack('instruction');
  expect(fork.timeline.hash).toBe(changed);
  expect(await result(fork)).toBe(expected);
  expect(session.timeline.hash).toBe(before);
  expect(Buffer.compare(session.target.replay.recording.bytes.subarray(0, recorded.length), recorded)).toBe(0);
  expect(await result(session)).toBe(70);
});

it('a local of a caller can be set, and values of every type', async () => {
  const session = await inside();
  session.chooseFrame(1);
  // 70 comes back as $sum, and so does what had been there before the call.
  const fork = await forkWith(session, { kind: 'local', index: 1 }, '123');
  fork.chooseFrame(1);
  const value = (of: Session, text: string): unknown => new Expression(text).value(of.scope());
  expect([value(fork, '$1'), value(session, '$1')]).toEqual([123n, 0n]);
  session.chooseFrame(0);
  const wide = await forkWith(await forkWith(session, { kind: 'local', index: 1 }, '-1'), { kind: 'global', index: 1 }, '$1 - 1');
  expect([value(wide, '$1'), value(wide, 'global[1]')]).toEqual([-1n, -2n]);
  expect(value(await forkWith(session, { kind: 'global', index: 2 }, '1.5'), 'global[2]')).toBe(1.5);
  expect(value(await forkWith(session, { kind: 'global', index: 4 }, 'i32x4:1,2,3,4'), 'global[4]')).toBe(0x00000004_00000003_00000002_00000001n);
});

it.each<[Settable, string, string]>([
  [{ kind: 'memory', address: 65533, cell: 'u32' }, '1', '0xfffd is outside of the memory'],
  [{ kind: 'memory', address: 4, cell: 'u8' }, '256', '256 does not fit into 8 bits'],
  [{ kind: 'memory', address: 4, cell: 'i8' }, '1.5', '1.5 is no whole number'],
  [{ kind: 'global', index: 3 }, '1', 'global[3] is a constant'],
  [{ kind: 'global', index: 9 }, '1', 'there is no global 9: the module has 5'],
  [{ kind: 'global', index: 4 }, '7', '"7" is no v128'],
  [{ kind: 'local', index: 2 }, '1', 'there is no local $2 in this frame'],
])('set %j = %s is refused', async (what, text, message) => {
  const session = await inside();
  await expect(forkWith(session, what, text)).rejects.toThrow(ForkError);
  await expect(forkWith(session, what, text)).rejects.toThrow(message);
});

it('a fork ends where it asks for what was not recorded', async () => {
  const session = await inside();
  const fork = await forkWith(session, { kind: 'memory', address: 8, cell: 'u32' }, '1');
  expect(await result(fork)).toMatchObject({ kind: 'diverged', message: expect.stringContaining('calls env.read') as string });
  expect(fork.target.nameOf(1)).toBe('inner');
  await fork.goto(0);
  // It has no moment before the one that it was made at.
  expect(fork.clock).toBe(session.clock);
  expect(await result(session)).toBe(70);
});

it('breakpoints go along, a watch on a local with its frame', async () => {
  const session = await invoked('(module (func (export "run") (param i32) (result i32) nop (local.set 0 (i32.add (local.get 0) (i32.const 1))) (local.get 0)))', 'run', [i32(4)]);
  await session.watchLocal(0, 'change');
  const fork = await forkWith(session, { kind: 'local', index: 0 }, '40');
  expect(await fork.continue()).toMatchObject({ kind: 'breakpoint', hits: [{ breakpoint: { id: 1 }, change: { before: 40n, after: 41n } }] });
  expect(await session.continue()).toMatchObject({ kind: 'breakpoint', hits: [{ breakpoint: { id: 1 }, change: { before: 4n, after: 5n } }] });
});

it('call answers what an export would, and changes nothing', async () => {
  const session = await inside();
  const before = session.timeline.hash;
  const call = (name: string, ...args: number[]): Promise<unknown> => callExport(session, session.target.instance.exports.get(name)!.address, args.map(i32));
  expect(await call('double', 21)).toEqual([i32(42)]);
  await expect(call('fails')).rejects.toThrow('the call fails: unreachable');
  await expect(call('ask')).rejects.toThrow('the call needs its host, and in a fork there is none');
  const from = Date.now();
  await expect(callExport(session, session.target.instance.exports.get('forever')!.address, [], { cancelled: () => Date.now() - from > 50 })).rejects.toThrow('cancelled');
  expect(session.timeline.hash).toBe(before);
  expect(await result(session)).toBe(70);
});

const WRITER = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\\20\\00\\00\\00\\02\\00\\00\\00\\22\\00\\00\\00\\04\\00\\00\\00") (data (i32.const 32) "hello\\n")
  (func (export "run") nop
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 2) (i32.const 0)))
    (if (i32.load8_u (i32.const 64)) (then nop))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 2) (i32.const 0)))))`;

it('what a fork writes is told, also where that is another run', async () => {
  const session = await invoked(WRITER, 'run', []);
  await session.step('instruction');
  const written = { session: '', fork: '' };
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  session.onOutput = (bytes) => void (written.session += text(bytes));
  const fork = await forkWith(await forkWith(session, { kind: 'memory', address: 32, cell: 'u8' }, '0x4a'), { kind: 'memory', address: 64, cell: 'u8' }, '1');
  fork.onOutput = (bytes) => void (written.fork += text(bytes));
  const cause = await fork.continue();
  expect(cause.kind === 'diverged' && cause.unwritten && text(cause.unwritten)).toBe('Jello\n');
  expect(written).toEqual({ session: '', fork: 'Jello\n' });
  // Nothing is told twice.
  await fork.stepBack('instruction');
  await fork.continue();
  expect(written.fork).toBe('Jello\n');
  await session.continue();
  expect(written.session).toBe('hello\nhello\n');
});

it.each(['go1.19-js', 'go1.21-js', 'go1.21-wasip1', 'go1.24-js', 'go1.27-js', 'go1.27-wasip1'])('a fork of %s prints what was changed', async (name) => {
  const session = await debugged(name, ['panic']);
  session.breakAt('main.middle');
  await session.continue();
  const [, text] = session.argumentWords();
  const fork = await forkWith(session, { kind: 'memory', address: Number(text!.value), cell: 'u8' }, '0x54');
  let written = '';
  fork.onOutput = (bytes) => void (written += new TextDecoder().decode(bytes));
  for (const breakpoint of [...fork.breakpoints]) fork.clear(breakpoint);
  expect((await fork.continue()).kind).toBe('end');
  expect(written).toContain('deferred in middle Text\n');
  expect(written).toContain('innermost gave up');
});
