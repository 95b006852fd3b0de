/**
 * retunwind as a library. Nothing here needs Node: `retunwind/node` has the real clock, files and streams.
 */
export { Driver, Interruption } from './engine/drive.js';
export { Crash, Exhaustion, LinkError, Trap, UncaughtException } from './engine/errors.js';
export type { Frame } from './engine/frames.js';
export type { FullFunction, HostCall, HostFunction, LeafFunction, TurnFunction } from './engine/host-function.js';
export { instantiate } from './engine/instance.js';
export { Machine, type MachineOptions } from './engine/machine.js';
export type { Probe } from './engine/probes.js';
export type { StopReason } from './engine/stop-reason.js';
export { type Instance, Store, type StoreOptions } from './engine/store.js';
export { f32, f64, i32, i64, type Value } from './engine/value.js';
export { type GoModule, recognise } from './go/recognise.js';
export type { Clock } from './host/clock.js';
export { GuestExit } from './host/exit.js';
export type { FileSystem } from './host/fs.js';
export { BufferedInput, type Input, type Streams } from './host/io.js';
export { MemoryFs } from './host/memory-fs.js';
export type { Random } from './host/random.js';
export { createWasi, type Preopen, type Wasi, type WasiOptions } from './host/wasi/wasi.js';
export { goCalls, showFrames, showGoCall } from './program/backtrace.js';
export { disassemble, type Disassembled } from './program/disassemble.js';
export { inspectModule, type ModuleReport } from './program/inspect.js';
export { programKind, type ProgramKind } from './program/kind.js';
export { loadModule } from './program/load.js';
export { type JsWorld, type Need, type Outcome, Program, type ProgramOptions, type World } from './program/program.js';
export { parseValue, showValue, ValueSyntaxError } from './program/values.js';
export { DEFAULT_EVENTS, type EventKind, EVENTS, type TraceRecord } from './trace/records.js';
export { TraceSession, type TraceOptions } from './trace/session.js';
export { decode } from './wasm/binary/decode.js';
export { DecodeError, SyntaxError, ValidationError } from './wasm/errors.js';
export { type Feature, type Features, FEATURES, WASM_3, withFeatures } from './wasm/features.js';
export type { Module } from './wasm/module.js';
export { assemble } from './wasm/text/assemble.js';
export { printModule } from './wasm/text/printer.js';
export { validate } from './wasm/validate/validate.js';
