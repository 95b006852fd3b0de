// The module `test`, and Go's stack-pointer imports, for programs of spec-tests/programs/go/abi under Node's own engine:
// what spec-tests/support/imports.ts offers to ours. `guest` is filled in once the instance exists.
export function testImports(guest) {
  const view = () => new DataView(guest.memory.buffer);
  const bytes = (at, length) => new Uint8Array(guest.memory.buffer, at >>> 0, length);
  const checksum = (at, length) => bytes(at, length).reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0);
  const text = (at, length) => new TextDecoder().decode(bytes(at, length));
  const test = {
    nothing: () => {},
    add_i32: (a, b) => a + b,
    add_u32: (a, b) => a + b,
    add_i64: (a, b) => a + b,
    add_f32: (a, b) => a + b,
    add_f64: (a, b) => a + b,
    mix: (a, b, c, d) => a + Number(b) + c + d,
    fill: (at, length, value) => void bytes(at, length).fill(value),
    checksum,
    is_even: (n) => (n & 1 ? 0 : 1),
    length: (_at, length) => length,
    same: (at) => at,
    move: (at, by) => {
      view().setFloat32(at, view().getFloat32(at, true) + by, true);
      view().setFloat32(at + 4, view().getFloat32(at + 4, true) + by, true);
      view().setInt16(at + 8, view().getInt16(at + 8, true) + 1, true);
      view().setUint8(at + 12, 1);
    },
    call: (at, length, argument) => guest.exports[text(at, length)](argument),
    fail: () => {
      throw new Error('the host failed');
    },
  };
  // Arguments from sp + 8 as Go lays out a struct, results after them.
  const stack = {
    'main.hostAdd': (sp) => view().setBigInt64(sp + 24, view().getBigInt64(sp + 8, true) + view().getBigInt64(sp + 16, true), true),
    'main.hostMix': (sp) => {
      const v = view();
      const sum = v.getInt32(sp + 8, true) + Number(v.getBigInt64(sp + 16, true)) + v.getFloat32(sp + 24, true) + v.getFloat64(sp + 32, true);
      const length = Number(v.getBigInt64(sp + 48, true));
      v.setFloat64(sp + 56, sum + checksum(Number(v.getBigInt64(sp + 40, true)), length), true);
      v.setUint8(sp + 64, length > 10 ? 1 : 0);
    },
    'main.hostFill': (sp) => {
      const v = view();
      bytes(Number(v.getBigInt64(sp + 8, true)), Number(v.getBigInt64(sp + 16, true))).fill(v.getUint8(sp + 32));
    },
  };
  return { test, stack };
}
