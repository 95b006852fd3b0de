import { describe, expect, test } from 'vitest';
import { printTraceback } from '../../src/go/traceback.js';
import { programs } from '../support/programs.js';
import { stoppedAt } from '../support/stopped.js';

describe('at the entry of runtime.Stack our print of all goroutines is the text that the call returns', () => {
  test.each(programs.filter(({ name, mode }) => /^go1\.\d+-(js|wasip1)$/.test(name) && mode === 'command'))('$name', async ({ name }) => {
    const stop = stoppedAt(name, ['goroutine-dump'], 'runtime.Stack', (view) => printTraceback(view, { all: true, fromCaller: true }));
    const { outcome, stdout, seen } = await stop;
    expect(outcome).toEqual({ kind: 'exited', code: 0 });
    expect(seen[0]).toContain('goroutine 1 [running]:');
    expect(seen[0]!.split('\n').length).toBeGreaterThan(30);
    expect(seen[0]).toBe(stdout.slice(stdout.indexOf('goroutine 1 [')));
  });
});
