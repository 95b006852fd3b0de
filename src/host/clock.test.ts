import { expect, test } from 'vitest';
import { VIRTUAL_START, VirtualClock } from './clock.js';

test('virtual time starts on 1 January 2020 and moves with the instructions and the waits', () => {
  let instructions = 0;
  const clock = new VirtualClock(() => instructions);
  expect(new Date(Number(clock.realtime() / 1_000_000n)).toISOString()).toBe('2020-01-01T00:00:00.000Z');
  const start = clock.monotonic();
  expect(start).toBeGreaterThan(0n);
  instructions = 500;
  clock.sleep(3_000_000_000n);
  clock.sleep(-5n);
  expect(clock.realtime()).toBe(VIRTUAL_START + 3_000_000_500n);
  expect(clock.monotonic() - start).toBe(3_000_000_500n);

  const other = new VirtualClock(() => instructions);
  other.load(clock.save());
  expect(other.monotonic()).toBe(clock.monotonic());
});
