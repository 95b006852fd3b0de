import { describe, expect, test } from 'vitest';
import { deadlockReport, showWait } from '../../src/go/waits.js';
import { stoppedAt } from '../support/stopped.js';

const PROGRAMS = ['go1.19-js', 'go1.21-wasip1', 'go1.24-js', 'go1.24-wasip1', 'go1.27-js', 'go1.27-wasip1'];
const fatal = (name: string): string => (name.startsWith('go1.19') ? 'runtime.fatalthrow' : 'runtime.fatal');

/** What a report says, with the goroutines by the names of the functions they stand in: their ids differ. */
async function report(name: string, scenario: string, at: string): Promise<{ deadlock: boolean; canGoOn: string[]; stuck: string[]; circles: string[][]; waits: Record<string, unknown> }> {
  const { seen } = await stoppedAt(name, [scenario], at, (view) => {
    const { deadlock, canGoOn, waits, stuck, circles } = deadlockReport(view);
    const names = new Map<number, string>(waits.map(({ goroutine, at: place }) => [goroutine.id, place?.name ?? '']));
    const of = (id: number): string => names.get(id) ?? view.runtime.byId(id)?.start?.name ?? '';
    return {
      deadlock,
      canGoOn: canGoOn.map(({ id }) => of(id)),
      stuck: stuck.map(of),
      circles: circles.map((circle) => circle.map(of)),
      waits: Object.fromEntries(
        waits.map(({ goroutine, targets, forever, wakers }) => [
          of(goroutine.id),
          {
            on: targets.map((target) => (target.on === 'channel' ? `${target.action} ${target.channel.element}` : target.on === 'sync' ? `${target.object.kind}: ${target.object.state}` : target.on)),
            wakers: wakers.map((waker) => `${of(waker.goroutine)}${waker.sameSide ? ' (same)' : ''}`),
            ...(forever ? { forever } : {}),
          },
        ]),
      ),
    };
  });
  return seen[0]!;
}

describe.each(PROGRAMS)('%s', (name) => {
  test('goroutines parked in every way, while main runs', async () => {
    const { deadlock, canGoOn, stuck, waits } = await report(name, 'goroutine-dump', 'runtime.Stack');
    expect({ deadlock, canGoOn, stuck }).toEqual({ deadlock: false, canGoOn: ['runtime.main'], stuck: ['main.goroutineDump.func5'] });
    expect(waits).toEqual({
      'main.goroutineDump.func1': { on: ['receive int'], wakers: ['runtime.main', 'main.parked2 (same)'] },
      'main.parked2': { on: ['receive int', 'receive string'], wakers: ['runtime.main', 'main.goroutineDump.func1 (same)'] },
      'main.goroutineDump.func3': { on: ['Mutex: locked, 1 waiting'], wakers: ['runtime.main'] },
      'main.goroutineDump.func4': { on: ['WaitGroup: counter 1, 1 waiting'], wakers: ['runtime.main', 'main.goroutineDump.func3'] },
      'main.goroutineDump.func5': { on: [], wakers: [], forever: true },
    });
  });

  test('a deadlock of channels and a wait group', async () => {
    const { deadlock, canGoOn, stuck, waits } = await report(name, 'deadlock', fatal(name));
    expect({ deadlock, canGoOn, stuck }).toEqual({ deadlock: true, canGoOn: [], stuck: ['main.deadlock', 'main.receiver', 'main.deadlock.func1'] });
    expect(waits).toMatchObject({
      'main.deadlock': { on: ['WaitGroup: counter 1, 1 waiting'], wakers: ['main.deadlock.func1'] },
      'main.receiver': { on: ['receive string'] },
      'main.deadlock.func1': { on: ['send int'] },
    });
  });

  test('two goroutines that lock in opposite order wait for each other', async () => {
    const { deadlock, circles, waits } = await report(name, 'deadlock-mutex', fatal(name));
    expect(deadlock).toBe(true);
    expect(circles).toContainEqual(['main.deadlockMutex.func1', 'main.deadlockMutex.func1']);
    expect(waits).toMatchObject({ 'main.deadlockMutex': { on: ['WaitGroup: counter 2, 1 waiting'] }, 'main.deadlockMutex.func1': { on: ['Mutex: locked, 1 waiting'] } });
  });

  test('a lost wake-up', async () => {
    const { circles, waits } = await report(name, 'lost-wakeup', fatal(name));
    expect(circles).toEqual([['main.lostWakeup', 'main.(*mailbox).take']]);
    expect(waits).toEqual({
      'main.lostWakeup': { on: ['receive string'], wakers: ['main.(*mailbox).take'] },
      'main.(*mailbox).take': { on: ['receive struct {}'], wakers: ['main.lostWakeup'] },
    });
  });

  test('sleepers can go on: each knows when', async () => {
    const { seen } = await stoppedAt(name, ['sleep'], 'main.sleep.func1', (view) => {
      const { canGoOn, waits, deadlock } = deadlockReport(view);
      return { canGoOn: canGoOn.length, waits: waits.map(({ goroutine }) => goroutine.id), deadlock };
    });
    for (const { deadlock } of seen) expect(deadlock).toBe(false);
  });
});

test('in words', async () => {
  const { seen } = await stoppedAt('go1.27-wasip1', ['lost-wakeup'], 'runtime.fatal', (view) => deadlockReport(view).waits.flatMap(showWait));
  expect(seen[0]!.map((line) => line.replace(/0x[0-9a-f]+/, '0x…'))).toMatchInlineSnapshot(`
    [
      "goroutine 1 [chan receive] at main.lostWakeup programs/scenarios/failures.go:268",
      "  to receive on 0x… (chan string, unbuffered, receivers: 1)",
      "  goroutine 7 [chan receive] has it on its stack at main.lostWakeup.func1 programs/scenarios/failures.go:264",
      "goroutine 7 [chan receive] at main.(*mailbox).take programs/scenarios/failures.go:257",
      "  to receive on 0x… (chan struct {}, unbuffered, receivers: 7)",
      "  goroutine 1 [chan receive] has it on its stack at main.lostWakeup programs/scenarios/failures.go:268",
    ]
  `);
});
