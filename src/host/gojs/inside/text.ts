/** Runs inside a fresh realm (see `runInside`): the TextEncoder and TextDecoder of the Encoding standard, for UTF-8. */

export interface TextHost {
  encode(text: string): Uint8Array;
  /** Undefined if `fatal` and malformed. */
  decode(bytes: Uint8Array, fatal: boolean, ignoreBOM: boolean): string | undefined;
}

export function installText(host: TextHost): void {
  'use strict';
  const { ArrayBuffer, Boolean, Object, RangeError, Reflect, String, Symbol, TypeError, Uint8Array } = globalThis;
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
  const kindOf = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;
  const LABELS = ['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8'];

  /** How many bytes are whole characters: all but the beginning of one at the end. */
  const whole = (bytes: Uint8Array): number => {
    for (let back = 1; back <= 3 && back <= bytes.length; back++) {
      const byte = bytes[bytes.length - back]!;
      if (byte < 0x80) break;
      if (byte >= 0xc0) {
        const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
        return back < needed ? bytes.length - back : bytes.length;
      }
    }
    return bytes.length;
  };
  const viewOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);

  class TextEncoder {
    get encoding(): string {
      return 'utf-8';
    }
    encode(input: unknown = ''): Uint8Array {
      return new Uint8Array(host.encode(String(input)));
    }
    encodeInto(source: unknown, target: unknown): { read: number; written: number } {
      if (Reflect.apply(kindOf, target, []) !== 'Uint8Array') throw new TypeError('The "dest" argument must be an instance of Uint8Array');
      const room = viewOf(target as Uint8Array);
      let read = 0;
      let written = 0;
      for (const character of String(source)) {
        const bytes = host.encode(character);
        if (written + bytes.length > room.length) break;
        room.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }

  class TextDecoder {
    readonly #fatal: boolean;
    readonly #ignoreBOM: boolean;
    /** The beginning of a character whose rest comes with the next call. */
    #rest: Uint8Array = new Uint8Array(0);
    /** Whether earlier calls of the same stream have decoded something. */
    #started = false;

    constructor(label: unknown = 'utf-8', options: { fatal?: unknown; ignoreBOM?: unknown } = {}) {
      if (!LABELS.includes(String(label).trim().toLowerCase())) {
        throw Object.assign(new RangeError(`The "${String(label)}" encoding is not supported`), { code: 'ERR_ENCODING_NOT_SUPPORTED' });
      }
      this.#fatal = Boolean(options.fatal);
      this.#ignoreBOM = Boolean(options.ignoreBOM);
    }
    get encoding(): string {
      return 'utf-8';
    }
    get fatal(): boolean {
      return this.#fatal;
    }
    get ignoreBOM(): boolean {
      return this.#ignoreBOM;
    }
    decode(input?: unknown, options: { stream?: unknown } = {}): string {
      const stream = Boolean(options.stream);
      const chunk = input === undefined ? new Uint8Array(0) : ArrayBuffer.isView(input) ? viewOf(input) : new Uint8Array(input as ArrayBuffer);
      const bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
      const end = stream ? whole(bytes) : bytes.length;
      const decoded = host.decode(bytes.subarray(0, end), this.#fatal, this.#ignoreBOM || this.#started);
      this.#rest = stream ? bytes.slice(end) : new Uint8Array(0);
      this.#started = stream && (this.#started || end > 0);
      if (decoded === undefined) {
        throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), { code: 'ERR_ENCODING_INVALID_ENCODED_DATA' });
      }
      return decoded;
    }
  }

  for (const type of [TextEncoder, TextDecoder]) {
    Object.defineProperty(globalThis, type.name, { value: type, writable: true, enumerable: false, configurable: true });
  }
}
