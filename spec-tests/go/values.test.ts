import { describe, expect, test } from 'vitest';
import { mapEntries } from '../../src/go/maps.js';
import { tracebackFrames } from '../../src/go/traceback.js';
import { Types } from '../../src/go/types.js';
import { type GoValue, showValue, ValueReader, VALUE_LIMITS } from '../../src/go/values.js';
import { type GoView, viewOfMemory } from '../../src/go/view.js';
import { stoppedAt } from '../support/stopped.js';

const PROGRAMS = ['go1.19-js', 'go1.21-wasip1', 'go1.24-js', 'go1.27-wasip1'];

/** The arguments of the call of `fmt.Fprintln` (w io.Writer, a ...any) that is being entered. */
function printed(view: GoView, limits = {}): GoValue {
  const types = new Types(view.go, view.memory);
  return new ValueReader(types, limits).read(types.byName('[]interface {}')!, view.registers.sp + 24);
}

/** In the manner of `fmt.Println`, as far as the tests need it. */
function likeFmt(value: GoValue): string {
  const { kind, text, children } = value;
  if (kind === 'interface') return children.length === 0 ? '<nil>' : likeFmt(children[0]!.value);
  if (kind === 'string') return JSON.parse(text!) as string;
  if (kind === 'slice' || kind === 'array') return `[${children.map((child) => likeFmt(child.value)).join(' ')}]`;
  if (kind === 'struct') return `{${children.map((child) => likeFmt(child.value)).join(' ')}}`;
  if (kind === 'map') return `map[${children.map(({ name, value: elem }) => `${name.replace(/"/g, '').replace(/,/g, ' ')}:${likeFmt(elem)}`).join(' ')}]`;
  return text!;
}

describe.each(PROGRAMS)('values of %s', (name) => {
  test.each(['closures', 'maps', 'generics', 'integers', 'callers'])('what fmt.Println is given in %s is what it prints', async (scenario) => {
    const { seen, stdout } = await stoppedAt(name, [scenario], 'fmt.Fprintln', (view) => printed(view).children.map(({ value }) => likeFmt(value)).join(' '));
    const lines = stdout.split('\n');
    expect(seen.length).toBeGreaterThan(0);
    for (const text of seen) if (text !== '') expect(lines.some((line) => line.endsWith(text)), text).toBe(true);
  });

  test('maps, functions, errors and types made by reflection', async () => {
    const { seen } = await stoppedAt(name, ['reflection'], 'fmt.Fprintln', (view) => showValue(printed(view), false));
    expect(seen).toContainEqual('len: 4, cap: 4, [interface {}(map[string]int) ["k": 9],interface {}([]int) len: 2, cap: 2, [1,2],interface {}(bool) true,interface {}(bool) false]');
    const made = await stoppedAt(name, ['reflection'], 'fmt.Fprintf', (view) => {
      const types = new Types(view.go, view.memory);
      return showValue(new ValueReader(types).read(types.byName('[]interface {}')!, view.registers.sp + 40), false);
    });
    expect(made.seen.at(-1)).toContain('{A: -3, B: ""}');
  });

  test('a map that grew and shrank has the entries that the program counts', async () => {
    const { seen } = await stoppedAt(name, ['maps'], 'fmt.Fprintln', (view) => {
      const types = new Types(view.go, view.memory);
      const type = types.byName('map[int]string')!;
      const args = printed(view).children.map(({ value }) => likeFmt(value));
      const length = Number(args[0]);
      const main = tracebackFrames(view, view.runtime.goroutine(view.registers.g)).find(({ call }) => call.name === 'main.mapsScenario')!.frame;
      const maps: number[] = [];
      for (let at = main.sp; at < main.fp; at += 8) if (length > 100 && view.memory.word(view.memory.word(at)) === length) maps.push(view.memory.word(at));
      const keys = maps.map((map) => [...mapEntries(view.memory, type, map)].map(({ key }) => view.memory.word(key)).sort((a, b) => a - b));
      return { length, args, keys };
    });
    const [{ length, args, keys }] = seen as [(typeof seen)[0]];
    expect(length).toBe(999);
    const whole = keys.find((found) => found.length === length)!;
    expect(`[${whole.slice(0, 5).join(' ')}]`).toBe(args[1]);
  });

  test('struct types by name, with their fields', async () => {
    const { seen } = await stoppedAt(name, ['hello'], 'main.hello', (view) => {
      const types = new Types(view.go, view.memory);
      const type = types.byName('main.tagged')!;
      return { fields: type.fields.map(({ name: field, type: of, offset }) => `${field} ${of.name} ${offset}`), kind: type.kind, size: type.size, types: types.list.length };
    });
    expect(seen[0]).toMatchObject({ fields: ['Name string 0', 'Count int 16', 'inner []uint8 24'], kind: 'struct', size: 48 });
    expect(seen[0]!.types).toBeGreaterThan(500);
  });
});

describe('reading is bounded', () => {
  test('whatever the memory holds', async () => {
    const { seen } = await stoppedAt('go1.27-wasip1', ['maps'], 'fmt.Fprintln', (view) => {
      const types = new Types(view.go, view.memory);
      const reader = new ValueReader(types);
      // Every type at places that hold something else.
      return types.list.map((type, i) => {
        showValue(reader.read(type, view.memory.byteLength - (i % 40)));
        return nodes(reader.read(type, (i * 7919 * 8) % view.memory.byteLength));
      });
    });
    expect(seen[0]!.length).toBeGreaterThan(1000);
    expect(Math.max(...seen[0]!)).toBeLessThan(VALUE_LIMITS.values * (VALUE_LIMITS.elements + 200));
  }, 60_000);

  test('a value that contains itself ends where it comes back', async () => {
    const { seen } = await stoppedAt('go1.27-wasip1', ['hello'], 'main.hello', (view) => {
      const bytes = view.memory.bytes(0, view.memory.byteLength).slice();
      const words = new DataView(bytes.buffer);
      const type = new Types(view.go, view.memory).byName('[]interface {}')!;
      const [slice, elem] = [0x100, 0x140];
      [elem, 1, 1].forEach((word, i) => words.setUint32(slice + 8 * i, word, true));
      [type.address, slice].forEach((word, i) => words.setUint32(elem + 8 * i, word, true));
      const types = new Types(view.go, viewOfMemory(view.go, bytes).memory);
      return showValue(new ValueReader(types).read(types.at(type.address)!, slice));
    });
    expect(seen[0]).toBe('[]interface {} len: 1, cap: 1, [interface {}([]interface {}) ([]interface {})(0x140)]');
  });

  test('depth, elements and bytes', async () => {
    const { seen } = await stoppedAt('go1.27-wasip1', ['maps'], 'fmt.Fprintln', (view) => showValue(printed(view, { elements: 2, bytes: 2 }), false));
    expect(seen[0]).toBe('len: 3, cap: 3, [interface {}(int) 999,interface {}([]int) len: 5, cap: 1280, [93,167,...+3 more],...+1 more]');
  });
});

function nodes(value: GoValue): number {
  return 1 + value.children.reduce((sum, child) => sum + nodes(child.value), 0);
}
