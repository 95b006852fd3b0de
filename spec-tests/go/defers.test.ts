import { describe, expect, test } from 'vitest';
import { deferredCalls, panicsInFlight } from '../../src/go/defers.js';
import { showValue } from '../../src/go/values.js';
import type { GoView } from '../../src/go/view.js';
import { stoppedAt } from '../support/stopped.js';

const PROGRAMS = ['go1.19-js', 'go1.21-wasip1', 'go1.24-js', 'go1.24-wasip1', 'go1.27-js', 'go1.27-wasip1'];

/** Those of the program's own functions; what the runtime defers differs between versions. */
const own = (view: GoView): string[] =>
  deferredCalls(view, view.runtime.goroutine(view.runtime.current(view.registers.g)))
    .filter(({ function: name }) => name.startsWith('main.'))
    .map(({ function: name, deferredBy, kind }) => `${name} by ${deferredBy?.name} (${kind})`);

const panics = (view: GoView): string[] =>
  panicsInFlight(view, view.runtime.goroutine(view.runtime.current(view.registers.g))).map(({ value, goexit, recovered, aborted }) => {
    const notes = [...(goexit ? ['Goexit'] : [showValue(value!)]), ...(recovered ? ['recovered'] : []), ...(aborted ? ['aborted'] : [])];
    return notes.join(' ');
  });

describe.each(PROGRAMS)('%s', (name) => {
  test('deferred calls of a function with a loop of them, in the order in which they will run', async () => {
    const { seen } = await stoppedAt(name, ['defer'], 'main.changed', own);
    const wrapper = name.startsWith('go1.19') || name.startsWith('go1.21') ? /^main\.deferred\.func\d+(\.\d+)? by/ : /^main\.deferred\.deferwrap\d+ by|^main\.deferred\.func\d+ by/;
    expect(seen[0]).toHaveLength(5);
    for (const line of seen[0]!) expect(line).toMatch(wrapper);
    expect(seen[0]!.every((line) => line.endsWith('by main.deferred (record)'))).toBe(true);
  });

  test('open-coded ones are found in the frame', async () => {
    const { seen } = await stoppedAt(name, ['panic'], 'main.innermost', own);
    expect(seen[0]).toHaveLength(1);
    expect(seen[0]![0]).toMatch(/^main\.middle\.(func1|deferwrap1) by main\.middle \(open-coded\)$/);
  });

  test('panics in flight, the latest first', async () => {
    const { seen } = await stoppedAt(name, ['panic-again'], 'runtime.fatalpanic', panics);
    expect(seen[0]!.map((line) => line.replace(' aborted', ''))).toEqual(['interface {}(string) "second"', 'interface {}(string) "first"']);
    const error = await stoppedAt(name, ['panic-error'], 'runtime.preprintpanics', panics);
    expect(error.seen[0]).toEqual(['interface {}(*main.failure) *main.failure {what: "disk", code: 7}']);
  });

  test('Goexit is carried out like a panic', async () => {
    const { seen } = await stoppedAt(name, ['goexit'], 'main.goexit.func1.2.1', panics);
    expect(seen[0]).toEqual(['Goexit']);
  });
});
