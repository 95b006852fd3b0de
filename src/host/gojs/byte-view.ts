/**
 * The getters of this realm work on the typed arrays of every realm, look at the array itself and not at what a program
 * has put over it, and run no code of the program.
 */
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
function getter(name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(typedArray, name)!.get!;
}
const kindOf = getter(Symbol.toStringTag);
const bufferOf = getter('buffer');
const offsetOf = getter('byteOffset');
const lengthOf = getter('byteLength');

/** The bytes of a `Uint8Array` or `Uint8ClampedArray` of any realm; undefined for anything else. */
export function byteView(value: unknown): Uint8Array | undefined {
  const kind = kindOf.call(value);
  if (kind !== 'Uint8Array' && kind !== 'Uint8ClampedArray') return undefined;
  const length = lengthOf.call(value) as number;
  // An array whose buffer was transferred away has no bytes, and refuses a view.
  if (length === 0) return new Uint8Array(0);
  return new Uint8Array(bufferOf.call(value) as ArrayBuffer, offsetOf.call(value) as number, length);
}
