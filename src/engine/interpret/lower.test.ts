import { expect, it } from 'vitest';
import { loadProgram } from '../../../spec-tests/support/programs.js';
import { decode } from '../../wasm/binary/decode.js';
import type { FuncType } from '../../wasm/types.js';
import { instantiate } from '../instance.js';
import { Store } from '../store.js';
import { type Mode, Lowering } from './lower.js';
import { PositionMap } from './position-map.js';

/** The code of all functions of a program, lowered with what the machine can be asked about it, or only to run. */
function* lowered(name: string, mode: Mode, mapped: boolean): Generator<readonly [words: Int32Array, longest: number]> {
  const store = new Store();
  const module = decode(loadProgram(name));
  instantiate(store, module, (_module, host, desc) => {
    if (desc.kind !== 'func') throw new Error(`${host} is no function`);
    const type = module.types[desc.type]!.comp as FuncType;
    return { kind: 'func', address: store.addHost({ kind: 'leaf', type, name: host, call: () => {} }) };
  });
  const lowering = new Lowering(store);
  for (const [address, func] of store.funcs.entries()) {
    if (func.kind !== 'wasm') continue;
    lowering.lower(func, address, mode, 2, undefined, mapped ? new PositionMap(mode === 'exact') : undefined);
    yield [lowering.words.slice(0, lowering.length), lowering.longest];
  }
}

it.each(['hello-go1.27-wasip1-stripped', 'c-aggregates-O0', 'zig-arithmetic'])('what code means can be had of it without changing it: %s', (name) => {
  for (const mode of ['fused', 'exact'] as const) {
    const mapped = lowered(name, mode, true);
    let functions = 0;
    for (const [words, longest] of lowered(name, mode, false)) {
      const [same, sameLongest] = mapped.next().value as [Int32Array, number];
      if (Buffer.compare(Buffer.from(words.buffer), Buffer.from(same.buffer)) !== 0) expect(words).toEqual(same);
      expect(longest).toBe(sameLongest);
      functions++;
    }
    expect(functions).toBeGreaterThan(10);
  }
});
