import type { Data, HostState } from './state.js';

/** Where a guest's random data come from. */
export interface Random extends HostState {
  fill(bytes: Uint8Array): void;
}

/** Repeatable random data: xoshiro128** of Blackman and Vigna, its state filled from the seed by splitmix64. */
export class SeededRandom implements Random {
  private readonly s = new Uint32Array(4);

  /** `seed`: taken modulo 2^64. */
  constructor(seed: number | bigint) {
    let x = BigInt.asUintN(64, BigInt(seed));
    for (let i = 0; i < 4; i += 2) {
      x = BigInt.asUintN(64, x + 0x9e3779b97f4a7c15n);
      let z = x;
      z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
      z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
      z ^= z >> 31n;
      this.s[i] = Number(z & 0xffffffffn);
      this.s[i + 1] = Number(z >> 32n);
    }
  }

  private next(): number {
    const s = this.s;
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9);
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotate(s[3]!, 11);
    return result;
  }

  /** Little-endian words of the generator; each call begins a new word. */
  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i += 4) {
      let word = this.next();
      for (let j = i; j < i + 4 && j < bytes.length; j++) {
        bytes[j] = word & 0xff;
        word >>>= 8;
      }
    }
  }

  save(): Data {
    return [...this.s];
  }
  load(state: Data): void {
    this.s.set(state as readonly number[]);
  }
  live(): string[] {
    return [];
  }
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
