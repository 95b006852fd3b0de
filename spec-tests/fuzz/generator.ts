import fs, { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Dice } from '../engine/harness.js';
import { type HostModule, hostWebAssembly } from './host-engine.js';

/**
 * Random modules by binaryen's fuzzer: `wasm-opt --translate-to-fuzz` of seeded bytes. Its command is a JavaScript
 * program with the code in WebAssembly, which takes longer to load than to run; so it is read and compiled once, and
 * every module gets a new instance of it.
 */
export class Generator {
  private readonly main: (Module: object, require: (name: string) => unknown, dirname: string, filename: string, engine: object) => Promise<void>;
  private readonly path: string;
  private readonly flags: readonly string[];
  private readonly folder: string = mkdtempSync(join(tmpdir(), 'retunwind-fuzz-'));
  private compiled: HostModule | undefined = undefined;

  /** `path` of binaryen's wasm-opt; `flags` say what of the language may be used. */
  constructor(path: string, flags: readonly string[]) {
    this.path = path;
    this.flags = flags;
    const source = readFileSync(path, 'utf8').replace(/^#![^\n]*/, '');
    const start = source.lastIndexOf('createWasm()');
    if (start < 0) throw new Error(`${path} does not start as this expects; the version of binaryen that works is in package.json`);
    // The parameters stand for what a CommonJS module would find around it.
    this.main = new Function('Module', 'require', '__dirname', '__filename', 'WebAssembly', `${source.slice(0, start)}return ${source.slice(start)}`) as typeof this.main;
  }

  /** The module of a seed. The same seed, flags and version of binaryen give the same module. */
  async generate(seed: number): Promise<Uint8Array> {
    const dice = new Dice(Math.imul(seed + 1, 0x9e3779b1));
    const input = Uint8Array.from({ length: 200 + dice.below(dice.of([1_000, 4_000, 12_000])) }, () => dice.below(256));
    const passes = dice.of([[], [], [], ['-O1'], ['-O3'], ['--fuzz-passes']]);
    const from = join(this.folder, 'input');
    const to = join(this.folder, 'output.wasm');
    writeFileSync(from, input);
    await this.run([from, '--translate-to-fuzz', '--denan', '--quiet', ...passes, ...this.flags, '-o', to]);
    const bytes = readFileSync(to);
    rmSync(to);
    return bytes;
  }

  private async run(args: readonly string[]): Promise<void> {
    const engine = hostWebAssembly();
    const complaints: string[] = [];
    // What it prints goes straight to the file descriptors.
    const quiet = {
      ...fs,
      writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number | null) => {
        if (fd > 2) return fs.writeSync(fd, bytes, offset, length, position);
        complaints.push(Buffer.from(bytes.subarray(offset, offset + length)).toString());
        return length;
      },
    };
    const require = createRequire(this.path);
    const before = process.exitCode;
    const shadow = {
      ...Object.fromEntries(Object.getOwnPropertyNames(engine).map((name) => [name, (engine as unknown as Record<string, unknown>)[name]])),
      instantiate: (bytes: Uint8Array, imports: object) => {
        this.compiled = new engine.Module(bytes);
        return Promise.resolve({ instance: new engine.Instance(this.compiled, imports) });
      },
    };
    const { compiled } = this;
    const Module = {
      arguments: [...args],
      print: (text: string) => complaints.push(text),
      printErr: (text: string) => complaints.push(text),
      ...(compiled && {
        instantiateWasm: (imports: object, done: (instance: object) => void) => done(new engine.Instance(compiled, imports)),
      }),
    };
    await this.main(Module, (name) => (name === 'node:fs' ? quiet : require(name)), dirname(this.path), this.path, shadow);
    const status = process.exitCode;
    process.exitCode = before;
    if (status !== 0) throw new Error(`wasm-opt ended with ${status}: ${complaints.join('\n')}`);
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
