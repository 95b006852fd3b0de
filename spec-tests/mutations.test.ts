import { describe, expect, it } from 'vitest';
import { LinkError, Trap } from '../src/engine/errors.js';
import { BufferedInput } from '../src/host/io.js';
import { freshRealm } from '../src/host/node/realm.js';
import { MountFs } from '../src/host/mount-fs.js';
import { programKind } from '../src/program/kind.js';
import { loadModule } from '../src/program/load.js';
import { Program } from '../src/program/program.js';
import { DecodeError, ValidationError } from '../src/wasm/errors.js';
import { decode } from '../src/wasm/binary/decode.js';
import type { Module } from '../src/wasm/module.js';
import { Dice } from './engine/harness.js';
import { loadProgram, programs } from './support/programs.js';

/**
 * Damaged modules: every test program, mutated by a seeded generator in thousands of ways. Each either is refused with
 * an error that has a byte offset, or runs (a little) and ends in one of the ways in which programs end.
 * RETUNWIND_MUTATIONS says how often each program is; by itself as often as there is time for.
 */
const DEMANDED = Number(process.env['RETUNWIND_MUTATIONS'] ?? 0);

const TELLING = [0x00, 0x01, 0x0b, 0x40, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xff];
const LIES = [[0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x7f], [0x80, 0x80, 0x80, 0x80, 0x00], [0xff, 0xff, 0x7f], [0x00]];

/** `places`: offsets where lengths and counts stand; undefined for damage anywhere. */
function mutate(bytes: Uint8Array, dice: Dice, places: readonly number[] | undefined): Uint8Array {
  if (places !== undefined) {
    const at = dice.of(places);
    const lie = dice.of(LIES);
    const copy = bytes.slice();
    if (dice.below(2) === 0) copy.set(lie.slice(0, bytes.length - at), at);
    else copy[at] = dice.below(256);
    return copy;
  }
  const at = dice.below(bytes.length);
  switch (dice.below(8)) {
    case 0:
      return bytes.slice(0, at);
    case 1: {
      const cut = 1 + dice.below(8);
      return concat(bytes.subarray(0, at), bytes.subarray(at + cut));
    }
    case 2: {
      const more = Uint8Array.from({ length: 1 + dice.below(8) }, () => dice.below(256));
      return concat(bytes.subarray(0, at), more, bytes.subarray(at));
    }
    case 3: {
      const from = dice.below(bytes.length);
      const copy = bytes.slice();
      copy.set(bytes.subarray(from, from + Math.min(64, bytes.length - at)), at);
      return copy;
    }
    default: {
      const copy = bytes.slice();
      for (let n = 1 + dice.below(4); n > 0; n--) copy[dice.below(2) === 0 ? at + dice.below(Math.min(16, bytes.length - at)) : dice.below(bytes.length)] = dice.below(2) === 0 ? dice.of(TELLING) : dice.below(256);
      return copy;
    }
  }
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function structure(module: Module): number[] {
  const places = module.sections.flatMap(({ offset, start }) => [offset, offset + 1, start, start + 1, start + 2]);
  for (const { body } of module.funcs.slice(0, 200)) places.push(body.offset - 1, body.offset - 2, body.end - 1);
  return places.filter((place) => place > 0 && place < module.bytes.length);
}

/** What became of it, for counting. Anything unclean is thrown. */
function attempt(bytes: Uint8Array): 'refused' | 'ran' {
  let module: Module;
  try {
    module = loadModule(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof ValidationError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
    return 'refused';
  }
  try {
    const program = new Program(module, {
      world: {
        args: ['mutant'],
        clock: 'virtual',
        random: 0,
        streams: { stdin: new BufferedInput(new Uint8Array()), write: () => {}, isTerminal: () => false },
        ...(programKind(module) === 'go-js' && { js: { realm: freshRealm(), fs: new MountFs([]) } }),
      },
      maxMemoryBytes: 1 << 26,
      maxCallDepth: 1000,
    });
    program.start();
    program.advance(20_000);
  } catch (error) {
    if (!(error instanceof LinkError || error instanceof Trap)) throw error;
  }
  return 'ran';
}

describe('mutations', () => {
  for (const { name, size } of programs) {
    const small = size < 100_000;
    const count = DEMANDED || (small ? 2000 : 32);
    const anywhere = Math.ceil(count * (small ? 0.75 : 0.25));
    it(`${name}: ${count} of them`, { timeout: 60_000 + 1000 * count }, () => {
      const bytes = loadProgram(name);
      const dice = new Dice(size);
      const places = structure(decode(bytes));
      const seen = { refused: 0, ran: 0 };
      for (let i = 0; i < count; i++) {
        const mutant = mutate(bytes, dice, i < anywhere ? undefined : places);
        try {
          seen[attempt(mutant)]++;
        } catch (error) {
          throw new Error(`mutation ${i} of ${name} (seed ${size})`, { cause: error });
        }
      }
      expect(seen.refused).toBeGreaterThan(count / 4);
    });
  }
});
