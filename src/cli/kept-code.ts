import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';

const NEWLINE = 10;

/**
 * A CommonJS file, and what V8 made of it in earlier processes: reading and compiling all of it is most of what a short
 * run costs. The compiled code stands in a file beside it, for this version of Node, so whoever can change the one can
 * change the other. V8 rejects what it made with other flags, and the file's name must tell its content, for V8 looks
 * at the length only. Where nothing can be written, nothing is kept.
 */
export class KeptCode {
  private readonly path: string;
  private readonly keptPath: string;
  private script: Script | undefined;
  /** The parts of the program that the kept code comes from. */
  private covered: ReadonlySet<string> = new Set();

  constructor(path: string) {
    this.path = path;
    this.keptPath = `${path}.${process.version}-${process.arch}.cache`;
  }

  /** Runs the file, which must be ASCII and imports nothing by itself, and answers what it exports. */
  load(require: NodeJS.Require): unknown {
    const { path } = this;
    const kept = this.read();
    const script = new Script(`(function (exports, require, module, __filename) {${readFileSync(path, 'latin1')}\n})`, {
      filename: path,
      cachedData: kept?.data,
    });
    if (kept !== undefined && script.cachedDataRejected !== true) this.covered = kept.parts;
    this.script = script;
    const module = { exports: {} };
    (script.runInThisContext() as (...args: unknown[]) => void)(module.exports, require, module, path);
    return module.exports;
  }

  /** The compiled code, and in a last line the parts that it comes from. */
  private read(): { readonly data: Buffer; readonly parts: ReadonlySet<string> } | undefined {
    try {
      const content = readFileSync(this.keptPath);
      const end = content.lastIndexOf(NEWLINE);
      return { data: content.subarray(0, end), parts: new Set(content.toString('latin1', end + 1).split(' ')) };
    } catch {
      return undefined;
    }
  }

  /** Writes down the code compiled so far, if `used` has parts that are not covered yet. */
  keep(used: ReadonlySet<string>): void {
    const { covered, script } = this;
    if (script === undefined || [...used].every((part) => covered.has(part))) return;
    const parts = new Set([...covered, ...used]);
    // Another process may be reading or writing it.
    const draft = `${this.keptPath}.${process.pid}`;
    let fd: number | undefined;
    try {
      fd = openSync(draft, 'wx');
      writeFileSync(fd, script.createCachedData());
      writeFileSync(fd, `\n${[...parts].join(' ')}`);
      // V8 would not see that a part of it is missing.
      fsyncSync(fd);
      closeSync(fd);
      fd = undefined;
      renameSync(draft, this.keptPath);
    } catch {
      discard(fd, draft);
    }
  }
}

function discard(fd: number | undefined, path: string): void {
  try {
    if (fd !== undefined) closeSync(fd);
    unlinkSync(path);
  } catch {
    // There is none.
  }
}
