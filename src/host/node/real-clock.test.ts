import { expect, test } from 'vitest';
import { RealClock } from './real-clock.js';
import { RealRandom } from './real-random.js';

test('the clocks are those of the system, and sleeping takes at least as long as asked', () => {
  const clock = new RealClock();
  const apart = clock.realtime() - BigInt(Date.now()) * 1_000_000n;
  expect(apart > -50_000_000n && apart < 50_000_000n).toBe(true);
  const start = clock.monotonic();
  clock.sleep(3_000_000n);
  expect(clock.monotonic() - start).toBeGreaterThanOrEqual(3_000_000n);
  clock.sleep(0n);
  clock.sleep(-1n);
  expect(clock.live()).toEqual(['the real clock']);
});

test('random data differ', () => {
  const [a, b] = [new Uint8Array(16), new Uint8Array(16)];
  for (const bytes of [a, b]) new RealRandom().fill(bytes);
  expect(a).not.toEqual(b);
});
