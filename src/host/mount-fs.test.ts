import { expect, test } from 'vitest';
import { VIRTUAL_START } from './clock.js';
import { isDir } from './fs.js';
import { MemoryFs } from './memory-fs.js';
import { MountFs } from './mount-fs.js';
import { resolve } from './resolve.js';

const clock = { realtime: () => VIRTUAL_START };

function trees(): { one: MemoryFs; two: MemoryFs; fs: MountFs } {
  const one = new MemoryFs(clock);
  const two = new MemoryFs(clock);
  one.put('/f', 'one');
  two.put('/deep/g', 'two');
  return { one, two, fs: new MountFs([{ at: '/data', fs: one }, { at: '/srv/www', fs: two }]) };
}
function names(fs: MountFs, path: string): string[] {
  return fs.readdir(path).map(({ name }) => name);
}

test('the trees stand at their places, with read-only directories on the way', () => {
  const { fs } = trees();
  expect(names(fs, '/')).toEqual(['data', 'srv']);
  expect(names(fs, '/srv')).toEqual(['www']);
  expect(names(fs, '/srv/www/deep')).toEqual(['g']);
  expect(isDir(fs.lstat('/srv'))).toBe(true);
  expect(() => fs.lstat('/etc')).toThrow('ENOENT');
  expect(() => fs.mkdir('/new', 0o755)).toThrow('EROFS');
  expect(() => fs.mkdir('/srv', 0o755)).toThrow('EEXIST');
  expect(() => fs.open('/new', { write: true, create: true }, 0)).toThrow('EROFS');
  expect(() => fs.open('/gone', { read: true }, 0)).toThrow('ENOENT');
  expect(() => fs.rmdir('/data')).toThrow('EBUSY');
  expect(() => fs.rename('/data', '/srv/www/x')).toThrow('EBUSY');
  expect(() => fs.rename('/data/f', '/srv/www/f')).toThrow('EXDEV');
  expect(fs.fstat(fs.open('/srv', { read: true }, 0)).mode & 0o777).toBe(0o555);
});

test('a link may lead from one tree to another, not out of them', () => {
  const { one, fs } = trees();
  one.symlink('/srv/www/deep/g', '/to-two');
  one.symlink('../../../etc/passwd', '/out');
  expect(resolve(fs, '/', '/data/to-two', { follow: true }).path).toBe('/srv/www/deep/g');
  expect(() => resolve(fs, '/', '/data/out', { follow: true })).toThrow('ENOENT');
});

test('handles of several trees are saved and loaded together', () => {
  const { fs } = trees();
  const handles = ['/data/f', '/srv/www/deep/g'].map((path) => fs.open(path, { read: true }, 0));
  const other = new MountFs([{ at: '/data', fs: new MemoryFs(clock) }, { at: '/srv/www', fs: new MemoryFs(clock) }]);
  other.load(fs.save());
  const into = new Uint8Array(3);
  const texts = handles.map((handle) => (other.read(handle, into, 0), new TextDecoder().decode(into)));
  expect(texts).toEqual(['one', 'two']);
});
