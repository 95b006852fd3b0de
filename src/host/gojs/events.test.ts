import { describe, expect, it } from 'vitest';
import { EventQueue } from './events.js';

const what = (name: string): { callback: object; self: undefined; args: readonly unknown[] } => ({ callback: () => {}, self: undefined, args: [name] });

function drain(queue: EventQueue, now: bigint): unknown[] {
  const taken: unknown[] = [];
  for (let event = queue.take(now); event !== undefined; event = queue.take(now)) taken.push(event.kind === 'timeout' ? event.id : event.args[0]);
  return taken;
}

describe('the event queue', () => {
  it('gives timers by time, then in the order they were set, and completions in the order of requests', () => {
    const queue = new EventQueue();
    queue.completions.push(what('first done'), what('second done'));
    queue.addTimer(30n, undefined, what('late'));
    queue.addTimer(20n, undefined, what('a'));
    const id = queue.addTimeout(20n);
    queue.addTimer(20n, undefined, what('b'));
    queue.addTimer(10n, undefined, what('early'));
    expect(queue.due).toBe(10n);
    expect(drain(queue, 20n)).toEqual(['early', 'a', id, 'b', 'first done', 'second done']);
    expect(queue.due).toBe(30n);
    expect(drain(queue, 29n)).toEqual([]);
  });

  it('forgets what was cleared', () => {
    const queue = new EventQueue();
    const id = queue.addTimeout(1n);
    queue.remove(id);
    queue.remove(id);
    expect(drain(queue, 5n)).toEqual([]);
  });

  it('repeats an interval from the moment it was given, under the same id', () => {
    const queue = new EventQueue();
    const id = queue.addTimer(10n, 10n, what('tick'));
    expect(drain(queue, 15n)).toEqual(['tick']);
    expect(queue.due).toBe(25n);
    queue.remove(id);
    expect(queue.due).toBe(undefined);
  });
});
