/** What these tests use of the host's own engine, the oracle; Node's types leave most of it out. */
export interface HostModule {
  readonly module: never;
}
export interface HostTag {
  readonly tag: never;
}
export interface HostException {
  is(tag: HostTag): boolean;
}
export interface HostMemory {
  readonly buffer: ArrayBuffer;
}
export interface HostTable {
  readonly length: number | bigint;
  get(index: number | bigint): unknown;
  set(index: number | bigint, value: unknown): void;
}
export interface HostGlobal {
  readonly value: unknown;
}
export type HostFunction = (...args: unknown[]) => unknown;
export type HostExport = HostFunction | HostMemory | HostTable | HostGlobal | HostTag;
export interface HostWebAssembly {
  readonly Module: new (bytes: Uint8Array) => HostModule;
  readonly Instance: new (module: HostModule, imports: object) => { readonly exports: Readonly<Record<string, HostExport>> };
  readonly RuntimeError: new () => Error;
  readonly LinkError: new () => Error;
  readonly Exception: (new (tag: HostTag, payload: readonly unknown[]) => HostException) | undefined;
  validate(bytes: Uint8Array): boolean;
}

export function hostWebAssembly(): HostWebAssembly {
  return (globalThis as unknown as { WebAssembly: HostWebAssembly }).WebAssembly;
}
