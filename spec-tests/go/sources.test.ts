import { describe, expect, test } from 'vitest';
import { recognise } from '../../src/go/recognise.js';
import { SourceMap } from '../../src/go/sources.js';
import { stoppedAt } from '../support/stopped.js';
import { testModule } from '../support/traced.js';

const PROGRAMS = ['go1.19-js', 'go1.21-wasip1', 'go1.24-js', 'go1.27-wasip1', 'hello-go1.27-wasip1-stripped'];
const mapOf = (name: string): SourceMap => SourceMap.of(recognise(testModule(name))!);

describe.each(PROGRAMS)('%s', (name) => {
  test('what a place says is what the instruction there says', () => {
    const map = mapOf(name);
    const [file] = map.filesNamed(name.startsWith('hello') ? 'hello/main.go' : 'scenarios/channels.go');
    const lines = map.lines(file!);
    expect(lines.length).toBeGreaterThan(0);
    let exact = 0;
    let all = 0;
    for (const line of lines) {
      const places = map.places(file!, line);
      for (const place of places) {
        all++;
        const at = map.position(place.func, place.offset)!;
        expect(at.pcB.lo).toBeLessThanOrEqual(place.pcB);
        if (!place.exact) continue;
        exact++;
        expect(at.pcB.lo).toBe(place.pcB);
        expect(at.calls.some((call) => call.file === file && call.line === line)).toBe(true);
      }
    }
    // About half of the places of ordinary code.
    expect(exact / all).toBeGreaterThan(name.startsWith('hello') ? 0 : 0.4);
  });

  test('unknown lines, functions and files: the nearest', () => {
    const map = mapOf(name);
    const [file] = map.filesNamed('fmt/print.go');
    const lines = map.lines(file!);
    const gap = lines.find((line, i) => i > 0 && line - lines[i - 1]! > 2)!;
    expect(map.nearestLines(file!, gap - 1)).toEqual([lines[lines.indexOf(gap) - 1], gap]);
    expect(map.nearestLines(file!, 1e6)).toEqual([lines.at(-1)]);
    expect(map.similarFunctions('main.mian')).toContain('main.main');
    expect(map.similarFiles('pirnt.go')).toContain(file);
    expect(map.filesNamed('nothing.go')).toEqual([]);
    expect(map.entry('main.nothing')).toBeUndefined();
  });

  test('a function is entered at its entry, and its inlined bodies are found', () => {
    const map = mapOf(name);
    const entry = map.entry('main.main')!;
    expect(entry).toMatchObject({ pcB: 0, function: 'main.main', into: 'main.main' });
    expect(map.codeAt(entry.pcF, 0)).toMatchObject({ func: entry.func, located: true });
    expect(map.afterPrologue(entry.func)).toBeGreaterThan(entry.offset);
    const inlined = map.bodiesOf('sync.(*Mutex).Lock').filter(({ into }) => into !== 'sync.(*Mutex).Lock');
    const tree = inlined.length === 0 ? undefined : map.inlineTree(inlined[0]!.func);
    for (const { into, function: of } of inlined) expect(of).not.toBe(into);
    if (tree !== undefined) expect(JSON.stringify(tree)).toContain('sync.(*Mutex).Lock');
  });
});

/** How often lines of `main.pingpong` are executed in 50 rounds. */
const TIMES: Readonly<Record<number, number>> = { 156: 1, 157: 1, 160: 50, 162: 1, 164: 1, 166: 50, 167: 50, 169: 1, 170: 1, 171: 1 };

describe('exact places are passed as often as their line is executed', () => {
  test.each(['go1.19-js', 'go1.21-wasip1', 'go1.24-js', 'go1.27-wasip1'])('%s', async (name) => {
    const counts = new Map<number, number>();
    const { program, outcome } = await stoppedAt(
      name,
      ['pingpong', '50'],
      'main.pingpong',
      (view, running) => {
        const map = SourceMap.of(view.go);
        for (const file of map.filesNamed('scenarios/channels.go')) {
          for (const line of map.lines(file)) {
            for (const place of map.places(file, line)) {
              if (!place.exact || TIMES[line] === undefined) continue;
              counts.set(line, 0);
              running.machine.probes.at(running.instance.funcs[place.func]!, place.offset, () => void counts.set(line, counts.get(line)! + 1));
            }
          }
        }
      },
      3e7,
    );
    expect(outcome).toEqual({ kind: 'exited', code: 0 });
    expect(program.ended).toBeDefined();
    expect(counts.size).toBeGreaterThan(4);
    for (const [line, count] of counts) expect([line, count]).toEqual([line, TIMES[line]]);
  });
});
