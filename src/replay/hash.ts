/**
 * A quick hash of 32 bits for finding differences, no defence against anybody: two lanes of xor, multiply and rotate
 * over the words.
 */
const LANE_A = 0x9e3779b1;
const LANE_B = 0x85ebca77;

/** Of `words[from]` up to but without `words[to]`. */
export function hashWords(words: Int32Array, from: number, to: number): number {
  let a = LANE_A ^ (to - from);
  let b = LANE_B;
  let i = from;
  for (; i + 1 < to; i += 2) {
    a = Math.imul(a ^ words[i]!, LANE_A);
    b = Math.imul(b ^ words[i + 1]!, LANE_B);
    a = (a << 13) | (a >>> 19);
    b = (b << 15) | (b >>> 17);
  }
  if (i < to) a = Math.imul(a ^ words[i]!, LANE_B);
  return mix(a, b);
}

/** One hash of two. */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ (a >>> 15), LANE_B) ^ Math.imul(b ^ (b >>> 13), LANE_A);
  h = Math.imul(h ^ (h >>> 16), LANE_A);
  return (h ^ (h >>> 14)) | 0;
}

/** Of all of `bytes`. */
export function hashBytes(bytes: Uint8Array): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
  let hash = hashWords(words, 0, words.length);
  for (let i = words.length * 4; i < bytes.length; i++) hash = mix(hash, bytes[i]!);
  return mix(hash, bytes.length);
}
