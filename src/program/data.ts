import type { Data } from '../host/state.js';

/**
 * Plain data as bytes, one way to write each: the file format of snapshots. A value is a tag byte and its content;
 * lengths are unsigned LEB128, numbers IEEE 754 doubles (little-endian), object keys sorted.
 */
const TAG = { null: 0, false: 1, true: 2, number: 3, bigint: 4, string: 5, bytes: 6, list: 7, record: 8 } as const;

/** What was read is not what `encodeData` writes. */
export class DataError extends Error {
  override readonly name = 'DataError';
}

export function encodeData(data: Data): Uint8Array {
  const writer = new Writer();
  writer.value(data);
  return writer.finish();
}

/** Throws `DataError` for anything but exactly one value. */
export function decodeData(bytes: Uint8Array): Data {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.pos !== bytes.length) throw new DataError('there is more than one value');
  return value;
}

class Writer {
  private bytes = new Uint8Array(1024);
  private length = 0;

  private room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.length + count, this.bytes.length * 2));
    bigger.set(this.bytes.subarray(0, this.length));
    this.bytes = bigger;
  }
  private byte(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }
  private size(value: number): void {
    for (; value >= 0x80; value = Math.floor(value / 0x80)) this.byte((value % 0x80) | 0x80);
    this.byte(value);
  }
  private raw(content: Uint8Array): void {
    this.size(content.length);
    this.room(content.length);
    this.bytes.set(content, this.length);
    this.length += content.length;
  }
  private text(content: string): void {
    this.raw(new TextEncoder().encode(content));
  }

  value(data: Data): void {
    if (data === null) this.byte(TAG.null);
    else if (typeof data === 'boolean') this.byte(data ? TAG.true : TAG.false);
    else if (typeof data === 'number') {
      this.byte(TAG.number);
      this.room(8);
      new DataView(this.bytes.buffer).setFloat64(this.length, data, true);
      this.length += 8;
    } else if (typeof data === 'bigint') {
      this.byte(TAG.bigint);
      this.text(data.toString(16));
    } else if (typeof data === 'string') {
      this.byte(TAG.string);
      this.text(data);
    } else if (data instanceof Uint8Array) {
      this.byte(TAG.bytes);
      this.raw(data);
    } else if (isList(data)) {
      this.byte(TAG.list);
      this.size(data.length);
      for (const item of data) this.value(item);
    } else {
      const keys = Object.keys(data).sort();
      this.byte(TAG.record);
      this.size(keys.length);
      for (const key of keys) {
        this.text(key);
        this.value(data[key]!);
      }
    }
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(data: readonly Data[] | { readonly [key: string]: Data }): data is readonly Data[] {
  return Array.isArray(data);
}

/** Deeper than any state of ours, and far from the end of the JavaScript stack. */
const MAX_DEPTH = 200;

class Reader {
  pos = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  private byte(): number {
    const value = this.bytes[this.pos++];
    if (value === undefined) throw new DataError('unexpected end');
    return value;
  }
  private size(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 42; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new DataError('a length is too large');
  }
  private raw(): Uint8Array {
    const length = this.size();
    if (length > this.bytes.length - this.pos) throw new DataError('unexpected end');
    this.pos += length;
    return this.bytes.slice(this.pos - length, this.pos);
  }
  private text(): string {
    return new TextDecoder().decode(this.raw());
  }

  value(depth: number): Data {
    if (depth > MAX_DEPTH) throw new DataError('nested too deeply');
    const tag = this.byte();
    switch (tag) {
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.number: {
        if (this.bytes.length - this.pos < 8) throw new DataError('unexpected end');
        this.pos += 8;
        return new DataView(this.bytes.buffer, this.bytes.byteOffset).getFloat64(this.pos - 8, true);
      }
      case TAG.bigint: {
        const text = this.text();
        if (!/^-?[0-9a-f]+$/.test(text)) throw new DataError('a number is malformed');
        return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
      }
      case TAG.string:
        return this.text();
      case TAG.bytes:
        return this.raw();
      case TAG.list: {
        const list: Data[] = [];
        for (let left = this.size(); left > 0; left--) list.push(this.value(depth + 1));
        return list;
      }
      case TAG.record: {
        const entries: [string, Data][] = [];
        for (let left = this.size(); left > 0; left--) entries.push([this.text(), this.value(depth + 1)]);
        return Object.fromEntries(entries);
      }
      default:
        throw new DataError(`unknown tag ${tag}`);
    }
  }
}
