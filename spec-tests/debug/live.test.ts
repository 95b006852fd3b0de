import { expect, it } from 'vitest';
import { i32 } from '../../src/engine/value.js';
import { invoked } from './support.js';

it('what the guest does itself is not taken for the host\'s, however often the program is stopped on the way', async () => {
  // Each round runs for longer than the first stretches of a live session.
  const session = await invoked(
    `(module (memory (export "memory") 1 20) (global $grown (mut i32) (i32.const 0))
      (func (export "run") (param i32) (result i32) (local i32)
        (loop $round
          (local.set 1 (i32.const 20000))
          (loop $spin (br_if $spin (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
          (drop (memory.grow (i32.const 1)))
          (br_if $round (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (memory.size)))`,
    'run',
    [i32(9)],
  );
  const cause = await session.continue();
  expect(cause).toMatchObject({ kind: 'end', outcome: { kind: 'returned', results: [{ i32: 10 }] } });
  const end = session.timeline.hash;
  await session.goto(500_000);
  expect(session.target.store.memories[0]!.byteLength / 65536).toBe(5);
  await session.goto(Infinity);
  expect(session.timeline.hash).toBe(end);
});
