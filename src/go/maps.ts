import type { Peek } from './peek.js';
import type { GoType, MapLayout } from './types.js';

/** Addresses of one key and its element. */
export interface MapEntry {
  readonly key: number;
  readonly elem: number;
}

/** What an entry's first hash byte means in maps with buckets: from here on it is occupied. */
const MIN_TOP_HASH = 5;
const SAME_SIZE_GROW = 8;
const MAX_OVERFLOW = 1 << 16;

/** Number of entries of the map at `map`, as `len` gives it. */
export function mapLength(memory: Peek, map: number): number {
  return map === 0 ? 0 : memory.word(map);
}

/** The entries of a map, in the order of memory. `map` is the address that a map value holds. */
export function mapEntries(memory: Peek, type: GoType, map: number): Generator<MapEntry> {
  const layout = type.map;
  return layout.kind === 'swiss' ? swissEntries(memory, layout, map) : bucketEntries(memory, layout, map);
}

/** Up to Go 1.23: `runtime.hmap`. While it grows, entries stand in the old buckets until they have been moved. */
function* bucketEntries(memory: Peek, layout: MapLayout, map: number): Generator<MapEntry> {
  if (map === 0) return;
  const size = memory.u8(map + 9);
  if (size > 31 || layout.bucketBytes === 0) return;
  const old = memory.word(map + 24);
  const sameSize = (memory.u8(map + 8) & SAME_SIZE_GROW) !== 0;
  const arrays = [[memory.word(map + 16), 2 ** size]] as [number, number][];
  if (old !== 0) arrays.push([old, sameSize ? 2 ** size : 2 ** Math.max(0, size - 1)]);
  let overflows = 0;
  for (const [buckets, count] of arrays) {
    if (buckets === 0) continue;
    for (let i = 0; i < count; i++) {
      let bucket = buckets + i * layout.bucketBytes;
      while (bucket !== 0 && memory.contains(bucket, layout.bucketBytes)) {
        for (let slot = 0; slot < 8; slot++) {
          if (memory.u8(bucket + slot) < MIN_TOP_HASH) continue;
          const key = bucket + 8 + slot * layout.keyBytes;
          const elem = bucket + 8 + 8 * layout.keyBytes + slot * layout.elemBytes;
          yield { key: layout.indirectKey ? memory.word(key) : key, elem: layout.indirectElem ? memory.word(elem) : elem };
        }
        if (++overflows > MAX_OVERFLOW + count) return;
        bucket = memory.word(bucket + layout.bucketBytes - 8);
      }
    }
  }
}

/** Since Go 1.24: `internal/runtime/maps.Map`, one group of eight slots or a directory of tables of such groups. */
function* swissEntries(memory: Peek, layout: MapLayout, map: number): Generator<MapEntry> {
  if (map === 0) return;
  const directory = memory.word(map + 16);
  const tables = memory.word(map + 24);
  if (tables === 0) {
    yield* group(memory, layout, directory);
    return;
  }
  let last = 0;
  for (let i = 0; i < tables && memory.contains(directory + 8 * i, 8); i++) {
    const table = memory.word(directory + 8 * i);
    // Neighbours in the directory may share a table that was not split yet.
    if (table === last || table === 0) continue;
    last = table;
    const groups = memory.word(table + 16);
    const mask = memory.word(table + 24);
    for (let g = 0; g <= mask; g++) {
      const at = groups + g * layout.groupBytes;
      if (!memory.contains(at, 8)) return;
      yield* group(memory, layout, at);
    }
  }
}

function* group(memory: Peek, layout: MapLayout, at: number): Generator<MapEntry> {
  if (at === 0) return;
  for (let slot = 0; slot < 8; slot++) {
    if (memory.u8(at + slot) >= 0x80) continue;
    const key = at + layout.keys + slot * layout.keyStride;
    const elem = at + layout.elems + slot * layout.elemStride;
    yield { key: layout.indirectKey ? memory.word(key) : key, elem: layout.indirectElem ? memory.word(elem) : elem };
  }
}
