import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NodeFs } from '../../src/host/node/node-fs.js';
import { makeProgram } from '../support/go-program.js';

/** Runs a script in a realm whose files are those of `root`, and natively, in another folder of the same content. */
const folders = ['ours', 'native'].map(() => fs.mkdtempSync(path.join(os.tmpdir(), 'gojs-files-')));
afterAll(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));
const { js } = makeProgram({ fs: new NodeFs(folders[0]!) });

/** What a statement gives or throws, without what differs: paths, descriptors. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    const { code, errno, syscall, message } = error as NodeJS.ErrnoException;
    return { code, errno, syscall, message };
  }
}

describe.skipIf(process.platform === 'win32')('fs, beside that of Node', () => {
  it.each([
    ['nothing there', 'fs.openSync(at("absent"), 0)'],
    ['making', 'fs.closeSync(fs.openSync(at("file"), fs.constants.O_CREAT | fs.constants.O_WRONLY | fs.constants.O_EXCL, 0o640))'],
    ['making again', 'fs.openSync(at("file"), fs.constants.O_CREAT | fs.constants.O_WRONLY | fs.constants.O_EXCL)'],
    ['its mode', 'fs.statSync(at("file")).mode'],
    ['writing', '{ const fd = fs.openSync(at("file"), 2); const n = fs.writeSync(fd, bytes("0123456789")); fs.closeSync(fd); n; }'],
    ['writing at', '{ const fd = fs.openSync(at("file"), 1); fs.writeSync(fd, bytes("..xy.."), 2, 2, 4); fs.closeSync(fd); }'],
    ['appending', '{ const fd = fs.openSync(at("file"), 1 | fs.constants.O_APPEND); fs.writeSync(fd, bytes("end")); fs.closeSync(fd); }'],
    ['reading', '{ const fd = fs.openSync(at("file"), 0); const b = new Uint8Array(20); const n = [fs.readSync(fd, b, 0, 4, null), fs.readSync(fd, b, 4, 3, null), fs.readSync(fd, b, 10, 5, 8), fs.readSync(fd, b, 17, 3, 99)]; fs.closeSync(fd); n.join() + " " + b.join(); }'],
    ['a read-only descriptor', '{ const fd = fs.openSync(at("file"), 0); try { fs.writeSync(fd, bytes("x")); } finally { fs.closeSync(fd); } }'],
    ['a closed descriptor', 'fs.fstatSync(77)'],
    ['size', 'fs.statSync(at("file")).size'],
    ['cutting', '{ fs.truncateSync(at("file"), 5); fs.statSync(at("file")).size; }'],
    ['cutting a descriptor', '{ const fd = fs.openSync(at("file"), 2); fs.ftruncateSync(fd, 7); const { size } = fs.fstatSync(fd); fs.closeSync(fd); size; }'],
    ['cutting what is not there', 'fs.truncateSync(at("absent"), 5)'],
    ['a folder', 'fs.mkdirSync(at("folder"), 0o750)'],
    ['a folder again', 'fs.mkdirSync(at("folder"))'],
    ['its type', '{ const s = fs.statSync(at("folder")); [s.isDirectory(), s.isFile(), s.mode & 0o777].join(); }'],
    ['writing to a folder', 'fs.openSync(at("folder"), 1)'],
    ['O_DIRECTORY of a file', 'fs.openSync(at("file"), fs.constants.O_DIRECTORY)'],
    ['a list of a file', 'fs.readdirSync(at("file"))'],
    ['a list of nothing', 'fs.readdirSync(at("absent"))'],
    ['a link', '{ fs.symlinkSync("file", at("link")); fs.readlinkSync(at("link")); }'],
    ['what the link is', '[fs.lstatSync(at("link")).isSymbolicLink(), fs.statSync(at("link")).isFile()].join()'],
    ['no link', 'fs.readlinkSync(at("file"))'],
    ['a loop', '{ fs.symlinkSync("loop", at("loop")); fs.statSync(at("loop")); }'],
    ['another name', '{ fs.linkSync(at("file"), at("folder/second")); fs.statSync(at("file")).nlink; }'],
    ['renaming', 'fs.renameSync(at("folder/second"), at("third"))'],
    ['renaming nothing', 'fs.renameSync(at("absent"), at("x"))'],
    ['the list', 'fs.readdirSync(at(".")).sort().join()'],
    ['mode', '{ fs.chmodSync(at("file"), 0o604); fs.statSync(at("file")).mode & 0o777; }'],
    ['times', '{ fs.utimesSync(at("file"), 1e9, 1234567890.5); const s = fs.statSync(at("file")); [s.atimeMs, s.mtimeMs, s.mtime.toISOString()].join(); }'],
    ['a folder that is not empty', '{ fs.renameSync(at("third"), at("folder/third")); fs.rmdirSync(at("folder")); }'],
    ['removing a folder as a file', 'fs.unlinkSync(at("link/"))'],
    ['removing', '{ fs.unlinkSync(at("folder/third")); fs.rmdirSync(at("folder")); fs.unlinkSync(at("link")); fs.readdirSync(at(".")).sort().join(); }'],
    ['removing nothing', 'fs.unlinkSync(at("absent"))'],
    ['a path through a file', 'fs.statSync(at("file/x"))'],
    ['an empty path', 'fs.statSync("")'],
  ])('%s', (_, script) => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const ours = outcome(() => js(`{ const at = (name) => '/' + name; const bytes = (text) => new TextEncoder().encode(text); eval(${JSON.stringify(script)}); }`));
    // eslint-disable-next-line no-eval -- the same text as inside the realm
    const native = outcome(() => new Function('fs', 'at', 'bytes', `return eval(${JSON.stringify(script)})`)(fs, (name: string) => `${folders[1]}/${name}`, bytes) as unknown);
    expect(JSON.parse(JSON.stringify(ours ?? null).replaceAll("'/", "'@/"))).toEqual(JSON.parse(JSON.stringify(native ?? null).replaceAll(folders[1]!, '@')));
  });
});

describe('the asynchronous form', () => {
  it('calls back in the order of requests, null first where all is well', () => {
    const { js: run, program } = makeProgram();
    run(`
      globalThis.heard = [];
      fs.mkdir('/a', 0o777, (...args) => heard.push(args));
      fs.open('/absent', 0, 0, (...args) => heard.push(args));
      fs.stat('/a', (...args) => heard.push(args));
    `);
    expect(run('heard.length')).toBe(0);
    const called = program.events.completions.map(({ callback, args }) => (callback as (...all: unknown[]) => unknown)(...args));
    expect(called).toHaveLength(3);
    expect(run('JSON.stringify(heard.map(([error, value]) => [error && error.code, typeof value]))')).toBe('[[null,"undefined"],["ENOENT","undefined"],[null,"object"]]');
  });

  it('reads standard input, and writes to the others at once', () => {
    const { js: run, output } = makeProgram({ stdin: 'typed' });
    expect(run('{ const b = new Uint8Array(4); [fs.readSync(0, b, 0, 4, null), fs.readSync(0, b, 0, 4, null), fs.readSync(0, b, 0, 4, null)].join() + b.join(); }')).toBe('4,1,0100,121,112,101');
    run('fs.writeSync(1, new TextEncoder().encode("out")); fs.writeSync(2, new TextEncoder().encode("err"));');
    expect(output).toEqual({ 1: 'out', 2: 'err' });
    expect(run('[fs.fstatSync(0).isFIFO(), fs.fstatSync(1).isDirectory()].join()')).toBe('true,false');
  });

  it('keeps a working directory and a mask', () => {
    const { js: run } = makeProgram();
    expect(run('process.cwd()')).toBe('/');
    expect(run('{ fs.mkdirSync("/a"); fs.mkdirSync("/a/b"); process.chdir("a"); process.chdir("./b"); process.cwd(); }')).toBe('/a/b');
    expect(run('{ fs.mkdirSync("../c"); fs.readdirSync("/a").join(); }')).toBe('b,c');
    expect(run('{ const old = process.umask(0o077); fs.mkdirSync("/d", 0o777); [old, process.umask(), fs.statSync("/d").mode & 0o777].join(); }')).toBe('18,63,448');
  });
});
