import * as nodeFs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WasiGuest } from '../../../spec-tests/support/wasi-guest.js';
import { VIRTUAL_START } from '../clock.js';
import { FsError, S_IF, type FileSystem } from '../fs.js';
import { Mask } from '../mask.js';
import { MemoryFs } from '../memory-fs.js';
import { resolve } from '../resolve.js';
import { StateError } from '../state.js';
import { OFLAG } from '../wasi/layout.js';
import { NodeFs } from './node-fs.js';

/** A folder with a secret beside the one that is shown to guests. */
let outer: string;
let shown: string;
beforeEach(() => {
  outer = nodeFs.realpathSync(nodeFs.mkdtempSync(path.join(os.tmpdir(), 'retunwind-')));
  shown = path.join(outer, 'shown');
  nodeFs.mkdirSync(path.join(shown, 'dir'), { recursive: true });
  nodeFs.writeFileSync(path.join(outer, 'secret'), 'secret');
  nodeFs.mkdirSync(path.join(outer, 'vault'));
  nodeFs.writeFileSync(path.join(outer, 'vault', 'key'), 'key');
  nodeFs.writeFileSync(path.join(shown, 'plain'), 'plain');
});
afterEach(() => {
  nodeFs.rmSync(outer, { recursive: true });
});

function guestOf(fs: FileSystem): WasiGuest {
  return new WasiGuest({ preopens: [{ name: '/', fs }] });
}
/** Everything outside the folder that is shown. */
function outside(): unknown {
  const vault = path.join(outer, 'vault');
  return [
    nodeFs.readdirSync(outer).sort(),
    nodeFs.readdirSync(vault),
    nodeFs.readFileSync(path.join(outer, 'secret'), 'utf8'),
    nodeFs.readFileSync(path.join(vault, 'key'), 'utf8'),
    nodeFs.statSync(path.join(outer, 'secret')).mtimeMs,
    nodeFs.statSync(vault).mtimeMs,
  ];
}

test('hostile links, whoever made them, lead nowhere', () => {
  const links: Record<string, string> = {
    relative: '../secret',
    absolute: path.join(outer, 'secret'),
    root: '/',
    up: '..',
    here: '.',
    'up-twice': 'dir/../..',
    chain: 'chain-2',
    'chain-2': 'dir/chain-3',
    'dir/chain-3': '../relative',
    'through-dir': 'up/secret',
    'long-way': 'here/here/dir/../here/up/secret',
    vault: '../vault',
    'dangling-out': '../new-file',
    'dangling-absolute': path.join(outer, 'new-file'),
    self: path.join(shown, 'plain'),
  };
  for (const [name, target] of Object.entries(links)) nodeFs.symlinkSync(target, path.join(shown, name));
  const before = outside();
  const guest = guestOf(new NodeFs(shown));
  const answers: Record<string, unknown> = {};
  const paths = [...Object.keys(links).filter((name) => name !== 'here'), 'up/secret', 'vault/key', 'root/etc/passwd', 'here/up/vault/key'];
  for (const name of paths) {
    guest.rewind();
    answers[name] = [
      guest.open(name),
      guest.open(name, { oflags: OFLAG.creat | OFLAG.trunc, rights: 0x1fffffff }),
      guest.stat(name),
      guest.open(`${name}/`, { oflags: OFLAG.directory }),
      guest.call('path_create_directory', 3, `${name}/made`),
      guest.call('path_filestat_set_times', 3, 1, name, 1n, 2n, 5),
      guest.call('path_link', 3, 1, name, 3, 'linked'),
      guest.call('path_rename', 3, 'plain', 3, `${name}/moved`),
      guest.call('path_unlink_file', 3, `${name}/key`),
      guest.call('path_remove_directory', 3, `${name}/`),
      guest.call('path_symlink', 'x', 3, `${name}/link`),
    ];
  }
  const refused = Array.from({ length: 11 }, () => 'EPERM');
  expect(answers).toEqual(Object.fromEntries(paths.map((name) => [name, refused])));
  expect(outside()).toEqual(before);
});

test('links that stay inside are followed', () => {
  nodeFs.symlinkSync('dir/../plain', path.join(shown, 'a'));
  nodeFs.symlinkSync('../a', path.join(shown, 'dir', 'b'));
  const guest = guestOf(new NodeFs(shown));
  expect(guest.read(guest.open('dir/b') as number, 10)).toBe('plain');
  expect(guest.stat('dir/b', false)).toBe('type 7 size 4');
});

test('links that the guest makes and moves cannot be made to lead outside', () => {
  const guest = guestOf(new NodeFs(shown));
  expect(guest.call('path_create_directory', 3, 'a')).toBe('ESUCCESS');
  expect(guest.call('path_create_directory', 3, 'a/b')).toBe('ESUCCESS');
  expect(guest.call('path_symlink', '../../secret', 3, 'a/b/link')).toBe('ESUCCESS');
  expect(guest.open('a/b/link')).toBe('ENOENT');
  const fd = guest.open('a/b') as number;
  expect(guest.call('path_rename', 3, 'a/b', 3, 'c')).toBe('ESUCCESS');
  expect(guest.open('c/link')).toBe('EPERM');
  expect(guest.open('link', { fd })).toBe('EPERM');
});

test.skipIf(process.platform !== 'linux')('a directory that became a link in between is not entered (needs Linux)', () => {
  const fs = new NodeFs(shown);
  nodeFs.rmdirSync(path.join(shown, 'dir'));
  nodeFs.symlinkSync('../vault', path.join(shown, 'dir'));
  const before = outside();
  for (const attempt of [
    () => fs.open('/dir/key', { read: true, write: true, truncate: true }, 0),
    () => fs.open('/dir/new', { write: true, create: true }, 0o666),
    () => fs.readdir('/dir'),
    () => fs.unlink('/dir/key'),
    () => fs.mkdir('/dir/made', 0o777),
    () => fs.rename('/plain', '/dir/plain'),
    () => fs.link('/dir/key', '/linked'),
    () => fs.utimes('/dir/key', 1n, 1n),
  ]) {
    expect(attempt).toThrow(FsError);
  }
  expect(outside()).toEqual(before);
});

test('a link in last place is never followed by the tree itself', () => {
  nodeFs.symlinkSync('../secret', path.join(shown, 'link'));
  const fs = new NodeFs(shown);
  const before = outside();
  expect(() => fs.open('/link', { read: true }, 0)).toThrow('ELOOP');
  expect(() => fs.open('/link', { write: true, truncate: true }, 0)).toThrow('ELOOP');
  expect(() => fs.open('/link', { write: true, create: true, exclusive: true }, 0)).toThrow('EEXIST');
  expect(() => fs.chmod('/link', 0)).toThrow('ENOTSUP');
  fs.utimes('/link', 0n, 0n);
  expect(fs.lstat('/link').mtime).toBe(0n);
  fs.link('/link', '/other');
  expect(fs.readlink('/other')).toBe('../secret');
  expect(outside()).toEqual(before);
});

test('the folder must exist, and be one', () => {
  expect(() => new NodeFs(path.join(shown, 'none'))).toThrow(`ENOENT: ${path.join(shown, 'none')}`);
  expect(() => new NodeFs(path.join(shown, 'plain'))).toThrow('ENOTDIR');
});

test('masked, a folder looks the same wherever and whenever it was made', () => {
  const picture = (folder: string): unknown => {
    const fs = new NodeFs(folder, new Mask());
    const entries = fs.readdir('/');
    return entries.map(({ name, type }) => [name, type, { ...fs.lstat(`/${name}`), mode: 0 }]);
  };
  const copy = path.join(outer, 'copy');
  nodeFs.mkdirSync(copy);
  nodeFs.writeFileSync(path.join(copy, 'plain'), 'plain');
  nodeFs.mkdirSync(path.join(copy, 'dir'));
  expect(picture(copy)).toEqual(picture(shown));
  const fs = new NodeFs(shown, new Mask());
  expect(fs.lstat('/plain').mtime).toBe(VIRTUAL_START);
  fs.utimes('/plain', 5n, 123_456_789n);
  expect(fs.lstat('/plain').mtime).toBe(123_456_789n);
  expect(fs.lstat('/plain').ino).toBe(1n);
});

test('a masked folder can be gone on with in another process, with the files that were open', () => {
  const first = new NodeFs(shown, new Mask());
  const ino = first.lstat('/plain').ino;
  const handle = first.open('/plain', { read: true, write: true, create: true, truncate: true }, 0o666);
  first.write(handle, new TextEncoder().encode('content'), 0);
  first.rename('/plain', '/dir/moved');
  first.utimes('/dir/moved', 1n, 2000n);
  expect(first.live()).toEqual([]);
  const saved = first.save();

  const second = new NodeFs(shown, new Mask());
  second.open('/dir', { read: true }, 0);
  second.load(saved);
  const into = new Uint8Array(10);
  expect(Buffer.from(into.subarray(0, second.read(handle, into, 0))).toString()).toBe('content');
  expect(second.lstat('/dir/moved')).toEqual(first.lstat('/dir/moved'));
  expect([second.lstat('/dir/moved').ino, second.lstat('/dir/moved').mtime]).toEqual([ino, 2000n]);

  second.write(handle, new TextEncoder().encode('longer than it was'), 0);
  expect(() => new NodeFs(shown).load(saved)).toThrow(StateError);
  second.unlink('/dir/moved');
  expect(() => new NodeFs(shown).load(saved)).toThrow('cannot be opened again: ENOENT');
  expect(second.live()).toEqual([`the open file ${path.join(shown, 'dir', 'moved')}`]);
});

test('append mode can be switched on and off, also without a name', () => {
  const fs = new NodeFs(shown);
  const handle = fs.open('/plain', { read: true, write: true, append: true }, 0);
  const write = (text: string): number => fs.write(handle, new TextEncoder().encode(text), 0);
  write('+1');
  fs.setAppend(handle, false);
  write('PL');
  if (process.platform === 'linux') fs.unlink('/plain');
  fs.setAppend(handle, true);
  write('+2');
  const into = new Uint8Array(20);
  expect(Buffer.from(into.subarray(0, fs.read(handle, into, 0))).toString()).toBe('PLain+1+2');
});

test('times read as they were set, to the nanosecond, until something else sets them', () => {
  const fs = new NodeFs(shown);
  const [atime, mtime] = [1_600_000_000_123_456_789n, 1_700_000_000_987_654_321n];
  fs.utimes('/plain', atime, mtime);
  const handle = fs.open('/plain', { read: true }, 0);
  for (const { atime: a, mtime: m } of [fs.lstat('/plain'), fs.fstat(handle)]) expect([a, m]).toEqual([atime, mtime]);
  nodeFs.utimesSync(path.join(shown, 'plain'), 5, 6);
  expect(fs.lstat('/plain').mtime).toBe(6_000_000_000n);
});

const NAMES = ['a', 'b', 'c'];
const pathArbitrary = fc
  .array(fc.constantFrom(...NAMES, '..', '.'), { minLength: 1, maxLength: 4 })
  .chain((parts) => fc.constantFrom(parts.join('/'), `${parts.join('/')}/`));
const stepArbitrary = fc.record({
  what: fc.constantFrom('write', 'read', 'append', 'exclusive', 'mkdir', 'rmdir', 'unlink', 'rename', 'link', 'symlink', 'readlink', 'readdir', 'stat', 'truncate', 'directory'),
  one: pathArbitrary,
  two: pathArbitrary,
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

test.skipIf(process.platform === 'win32')('the tree in memory behaves as the real one (needs POSIX)', { timeout: 120_000 }, () => {
  let run = 0;
  fc.assert(
    fc.property(fc.array(stepArbitrary, { minLength: 1, maxLength: 25 }), (steps) => {
      const folder = path.join(outer, `run-${run++}`);
      nodeFs.mkdirSync(folder);
      const real = new NodeFs(folder);
      const memory = new MemoryFs({ realtime: () => 0n });
      for (const [index, step] of steps.entries()) {
        expect([index, step, perform(memory, step)]).toEqual([index, step, perform(real, step)]);
      }
    }),
    { numRuns: 300, seed: 20 },
  );
});

/** What a step gives, or the error's name. */
function perform(fs: FileSystem, { what, one, two }: Step): unknown {
  const at = (name: string, follow: boolean): string => resolve(fs, '/', name, { follow, beneath: '/' }).path;
  const content = (handle: number, act: () => void): unknown => {
    try {
      act();
      const into = new Uint8Array(100);
      return [Buffer.from(into.subarray(0, fs.read(handle, into, 0))).toString(), fs.fstat(handle).size];
    } finally {
      fs.close(handle);
    }
  };
  const write = (handle: number, text: string): number => fs.write(handle, new TextEncoder().encode(text), 2);
  try {
    switch (what) {
      case 'write':
        return content(fs.open(at(one, true), { read: true, write: true, create: true }, 0o644), () => {}) && writeTo(fs, at(one, true), two, write);
      case 'append': {
        const handle = fs.open(at(one, true), { read: true, write: true, append: true }, 0o644);
        return content(handle, () => write(handle, two));
      }
      case 'read':
        return content(fs.open(at(one, true), { read: true }, 0), () => {});
      case 'exclusive':
        return content(fs.open(at(one, false), { read: true, write: true, create: true, exclusive: true }, 0o644), () => {});
      case 'truncate': {
        const handle = fs.open(at(one, true), { read: true, write: true }, 0);
        return content(handle, () => fs.truncate(handle, two.length));
      }
      case 'directory':
        return fs.close(fs.open(at(one, true), { read: true, directory: true }, 0));
      case 'mkdir':
        return fs.mkdir(at(one, false), 0o755);
      case 'rmdir':
        return fs.rmdir(at(one, false));
      case 'unlink':
        return fs.unlink(at(one, false));
      case 'rename':
        return fs.rename(at(one, false), at(two, false));
      case 'link':
        return fs.link(at(one, false), at(two, false));
      case 'symlink':
        return fs.symlink(two, at(one, false));
      case 'readlink':
        return fs.readlink(at(one, false));
      case 'readdir':
        return fs
          .readdir(at(one, true))
          .map(({ name, type }) => [name, type])
          .sort();
      default: {
        const { mode, nlink, size } = fs.lstat(at(one, true));
        const type = mode & S_IF.mask;
        return type === S_IF.dir ? [type] : [type, nlink, size];
      }
    }
  } catch (error) {
    if (error instanceof FsError) return error.code;
    throw error;
  }
}

function writeTo(fs: FileSystem, at: string, text: string, write: (handle: number, text: string) => number): unknown {
  const handle = fs.open(at, { read: true, write: true }, 0);
  try {
    return write(handle, text);
  } finally {
    fs.close(handle);
  }
}
