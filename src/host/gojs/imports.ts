import type { FullFunction, HostFunction, LeafFunction } from '../../engine/host-function.js';
import { i32, i64 } from '../../engine/value.js';
import { type GoType, stackLayout } from '../../go/abi.js';
import { type FuncType, I32, I64 } from '../../wasm/types.js';
import { byteView } from './byte-view.js';
import { CallFrame, type Slot } from './frame.js';
import type { Guest } from './guest.js';
import type { Intrinsics } from './inside/intrinsics.js';
import type { ValueTable } from './values.js';

/** What the imports act on. */
export interface GoHost {
  readonly values: ValueTable;
  readonly js: Intrinsics;
  guest(): Guest;
  nanotime(): bigint;
  walltime(): bigint;
  random(into: Uint8Array): void;
  /** A line on stdout. */
  log(line: string): void;
  writeSync(fd: number, bytes: Uint8Array): void;
  scheduleTimeout(milliseconds: number): number;
  clearTimeout(id: number): void;
  /** Ends the run; does not return. */
  exit(code: number): never;
  /** Ends the run because of an exception that nothing can catch; does not return. */
  uncaught(error: unknown): never;
  /**
   * After JavaScript has run: throws what ended the program meanwhile, whatever that JavaScript made of it. Gives the
   * error that the program may see: one of its own realm.
   */
  settle(error?: unknown): unknown;
  /** Runs a host call in which JavaScript may run. */
  during(run: () => void): void;
  /** Hears of every object that is about to be changed. */
  changing(target: unknown): void;
  /** Hears of every function that is about to be called, with what it is called on. */
  calling(func: unknown, self: unknown, args: readonly unknown[]): void;
}

/** An import with the stack ABI: wasm type `(i32) → ()`, everything else at SP. */
export interface GoImport {
  readonly name: string;
  /**
   * `full` where JavaScript of the program can run: any property of any object may be a getter, and any object a proxy,
   * that calls a Go function.
   */
  readonly kind: 'leaf' | 'full';
  readonly params: readonly Slot[];
  readonly results: readonly Slot[];
  readonly run: (host: GoHost, call: CallFrame) => void;
}

type Named = readonly (readonly [name: string, type: GoType])[];

function row(kind: GoImport['kind'], name: string, params: Named, results: Named, run: GoImport['run']): GoImport {
  const layout = stackLayout(
    params.map(([, type]) => type),
    results.map(([, type]) => type),
  );
  const slots = (named: Named, offsets: readonly number[]): Slot[] => named.map(([slot, type], i) => ({ name: slot, type, offset: offsets[i]! }));
  return { name, kind, params: slots(params, layout.params), results: slots(results, layout.results), run };
}

/** Runs an operation of JavaScript that Go has no way to see fail. */
function must<T>(host: GoHost, call: CallFrame, operation: () => T): T {
  let value: T;
  try {
    value = operation();
  } catch (error) {
    host.uncaught(host.settle(error));
  }
  host.settle();
  call.sp = host.guest().stackPointer();
  return value;
}

/** Parameters 0 and 2: the object and the new value. */
function set(host: GoHost, call: CallFrame, key: PropertyKey): void {
  host.changing(call.ref(0));
  must(host, call, () => host.js.set(call.ref(0) as object, key, call.ref(2)));
}

/** Runs an operation whose exception Go gets as a value, with `false` beside it: results 0 and 1. */
function attempt(host: GoHost, call: CallFrame, operation: () => unknown): void {
  let value: unknown;
  let ok = true;
  try {
    value = operation();
    host.settle();
  } catch (error) {
    ok = false;
    value = host.settle(error);
  }
  call.sp = host.guest().stackPointer();
  call.setRef(0, value);
  call.setBool(1, ok);
}

/** An import that calls the value of its first parameter with those of the second. */
function calling(name: string, make: (js: Intrinsics, func: unknown, args: readonly unknown[]) => unknown): GoImport {
  const params: Named = [
    ['v', 'ref'],
    ['args', 'refs'],
  ];
  const results: Named = [
    ['x', 'ref'],
    ['ok', 'bool'],
  ];
  return row('full', name, params, results, (host, call) =>
    attempt(host, call, () => {
      const func = call.ref(0);
      const args = call.refs(1);
      host.calling(func, undefined, args);
      return make(host.js, func, args);
    }),
  );
}

/** Every import with the stack ABI of Go 1.19 to 1.27, which differ only in the module's name (`go` up to 1.20). */
export const GO_IMPORTS: readonly GoImport[] = [
  row('full', 'runtime.wasmExit', [['code', 'int32']], [], (host, call) => host.exit(call.int32(0))),
  row(
    'leaf',
    'runtime.wasmWrite',
    [
      ['fd', 'uintptr'],
      ['p', 'pointer'],
      ['n', 'int32'],
    ],
    [],
    (host, call) => {
      const length = call.int32(2);
      host.writeSync(call.int64(0), length === 0 ? new Uint8Array(0) : call.memory.bytes(call.int64(1), length));
    },
  ),
  // Only for hosts that keep a view of the memory.
  row('leaf', 'runtime.resetMemoryDataView', [], [], () => {}),
  row('leaf', 'runtime.nanotime1', [], [['ns', 'int64']], (host, call) => call.setInt64(0, host.nanotime())),
  row(
    'leaf',
    'runtime.walltime',
    [],
    [
      ['sec', 'int64'],
      ['nsec', 'int32'],
    ],
    (host, call) => {
      const now = host.walltime();
      call.setInt64(0, now / 1_000_000_000n);
      call.setInt32(1, Number(now % 1_000_000_000n));
    },
  ),
  row('leaf', 'runtime.scheduleTimeoutEvent', [['ms', 'int64']], [['id', 'int32']], (host, call) =>
    call.setInt32(0, host.scheduleTimeout(call.int64(0))),
  ),
  row('leaf', 'runtime.clearTimeoutEvent', [['id', 'int32']], [], (host, call) => host.clearTimeout(call.int32(0))),
  row('leaf', 'runtime.getRandomData', [['r', 'bytes']], [], (host, call) => {
    const data = new Uint8Array(call.bytes(0).length);
    host.random(data);
    call.memory.write(call.sliceAddress(0), data);
  }),
  row('leaf', 'syscall/js.finalizeRef', [['v', 'ref']], [], (host, call) => host.values.finalize(call.id(0))),
  row('leaf', 'syscall/js.stringVal', [['value', 'string']], [['v', 'ref']], (_, call) => call.setRef(0, call.string(0))),
  row(
    'full',
    'syscall/js.valueGet',
    [
      ['v', 'ref'],
      ['p', 'string'],
    ],
    [['x', 'ref']],
    (host, call) => {
      const value = must(host, call, () => host.js.get(call.ref(0) as object, call.string(1)));
      call.setRef(0, value);
    },
  ),
  row(
    'full',
    'syscall/js.valueSet',
    [
      ['v', 'ref'],
      ['p', 'string'],
      ['x', 'ref'],
    ],
    [],
    (host, call) => set(host, call, call.string(1)),
  ),
  row(
    'full',
    'syscall/js.valueDelete',
    [
      ['v', 'ref'],
      ['p', 'string'],
    ],
    [],
    (host, call) => {
      host.changing(call.ref(0));
      must(host, call, () => host.js.deleteProperty(call.ref(0) as object, call.string(1)));
    },
  ),
  row(
    'full',
    'syscall/js.valueIndex',
    [
      ['v', 'ref'],
      ['i', 'int'],
    ],
    [['x', 'ref']],
    (host, call) => {
      const value = must(host, call, () => host.js.get(call.ref(0) as object, call.int64(1)));
      call.setRef(0, value);
    },
  ),
  row(
    'full',
    'syscall/js.valueSetIndex',
    [
      ['v', 'ref'],
      ['i', 'int'],
      ['x', 'ref'],
    ],
    [],
    (host, call) => set(host, call, call.int64(1)),
  ),
  row(
    'full',
    'syscall/js.valueCall',
    [
      ['v', 'ref'],
      ['m', 'string'],
      ['args', 'refs'],
    ],
    [
      ['x', 'ref'],
      ['ok', 'bool'],
    ],
    (host, call) =>
      attempt(host, call, () => {
        const self = call.ref(0);
        const args = call.refs(2);
        const method = host.js.get(self as object, call.string(1));
        host.calling(method, self, args);
        return host.js.apply(method, self, args);
      }),
  ),
  calling('syscall/js.valueInvoke', (js, func, args) => js.apply(func, undefined, args)),
  calling('syscall/js.valueNew', (js, type, args) => js.construct(type, args)),
  row('full', 'syscall/js.valueLength', [['v', 'ref']], [['n', 'int']], (host, call) => {
    const length = must(host, call, () => host.js.length(call.ref(0)));
    call.setNumber(0, length);
  }),
  row(
    'full',
    'syscall/js.valuePrepareString',
    [['v', 'ref']],
    [
      ['str', 'ref'],
      ['n', 'int'],
    ],
    (host, call) => {
      const content = new TextEncoder().encode(must(host, call, () => host.js.string(call.ref(0))));
      call.setRef(0, host.js.bytes(content));
      call.setNumber(1, content.length);
    },
  ),
  row(
    'leaf',
    'syscall/js.valueLoadString',
    [
      ['v', 'ref'],
      ['b', 'bytes'],
    ],
    [],
    (_, call) => {
      const content = byteView(call.ref(0));
      if (content !== undefined) call.memory.write(call.sliceAddress(1), content.subarray(0, call.sliceLength(1)));
    },
  ),
  row(
    'full',
    'syscall/js.valueInstanceOf',
    [
      ['v', 'ref'],
      ['t', 'ref'],
    ],
    [['is', 'bool']],
    (host, call) => {
      const is = must(host, call, () => host.js.instanceOf(call.ref(0), call.ref(1)));
      call.setBool(0, is);
    },
  ),
  row(
    'leaf',
    'syscall/js.copyBytesToGo',
    [
      ['dst', 'bytes'],
      ['src', 'ref'],
    ],
    [
      ['n', 'int'],
      ['ok', 'bool'],
    ],
    (_, call) => {
      const source = byteView(call.ref(1));
      call.setBool(1, source !== undefined);
      if (source === undefined) return;
      const part = source.subarray(0, call.sliceLength(0));
      if (part.length > 0) call.memory.write(call.sliceAddress(0), part);
      call.setNumber(0, part.length);
    },
  ),
  row(
    'leaf',
    'syscall/js.copyBytesToJS',
    [
      ['dst', 'ref'],
      ['src', 'bytes'],
    ],
    [
      ['n', 'int'],
      ['ok', 'bool'],
    ],
    (_, call) => {
      const target = byteView(call.ref(0));
      call.setBool(1, target !== undefined);
      if (target === undefined) return;
      const part = call.bytes(1).subarray(0, target.length);
      target.set(part);
      call.setNumber(0, part.length);
    },
  ),
];

type Unnamed = Omit<LeafFunction, 'name'> | Omit<FullFunction, 'name'>;

/** What every version of Go may import, by `module.name`. */
export function hostFunctions(host: GoHost): Map<string, HostFunction> {
  const functions = new Map<string, HostFunction>();
  const add = (module: string, name: string, func: Unnamed): void => {
    functions.set(`${module}.${name}`, { ...func, name: `${module}.${name}` });
  };
  for (const module of ['gojs', 'go']) {
    for (const entry of GO_IMPORTS) add(module, entry.name, stackFunction(host, entry));
    // Imported up to Go 1.20, for debugging the runtime itself.
    add(module, 'debug', {
      kind: 'leaf',
      type: { kind: 'func', params: [I32], results: [] },
      call: (args) => host.log(String(args.i32(0))),
    });
  }
  // What Go's own tests of syscall/js expect of their host.
  add('_gotest', 'add', {
    kind: 'leaf',
    type: { kind: 'func', params: [I32, I32], results: [I32] },
    call: (args, results) => results.setI32(0, args.i32(0) + args.i32(1)),
  });
  add('_gotest', 'callExport', {
    kind: 'full',
    type: { kind: 'func', params: [I32, I64], results: [I64] },
    call: ({ args, results }) => {
      const a = i32(args.i32(0));
      const b = i64(args.i64(1));
      host.guest().call('testExport0', []);
      const [result] = host.guest().call('testExport', [a, b]);
      results.setI64(0, (result as { readonly i64: bigint }).i64);
    },
  });
  return functions;
}

/** The type of every import with the stack ABI. */
const STACK_TYPE: FuncType = { kind: 'func', params: [I32], results: [] };

function stackFunction(host: GoHost, { kind, params, results, run }: GoImport): Unnamed {
  if (kind === 'full') {
    return {
      kind,
      type: STACK_TYPE,
      call: ({ args, memory }) => {
        const frame = new CallFrame(host.values, params, results, memory, args.u32(0));
        host.during(() => run(host, frame));
      },
    };
  }
  // A leaf never runs within itself, so one frame does for all its calls.
  let frame: CallFrame | undefined;
  return {
    kind,
    type: STACK_TYPE,
    call: (args, _, memory) => {
      frame ??= new CallFrame(host.values, params, results, memory, 0);
      frame.memory = memory;
      frame.sp = args.u32(0);
      run(host, frame);
    },
  };
}
