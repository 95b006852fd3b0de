import { expect, test } from 'vitest';
import { VirtualClock } from './clock.js';
import { S_IF } from './fs.js';
import { MemoryFs } from './memory-fs.js';

function tree(capacity?: number): { fs: MemoryFs; tick: () => void } {
  let now = 0;
  return { fs: new MemoryFs(new VirtualClock(() => now), capacity), tick: () => void (now += 10) };
}

test('numbers and times follow from what was done', () => {
  const [a, b] = [tree(), tree()];
  for (const { fs, tick } of [a, b]) {
    fs.put('/z', 'last');
    tick();
    fs.put('/dir/a', 'first');
    tick();
    fs.chmod('/z', 0o600);
  }
  expect(a.fs.save()).toEqual(b.fs.save());
  const z = a.fs.lstat('/z');
  expect([z.ino, z.mode, z.nlink, z.size, z.ctime - z.mtime]).toEqual([2n, S_IF.file | 0o600, 1, 4, 20n]);
  expect(a.fs.readdir('/').map(({ name }) => name)).toEqual(['dir', 'z']);
  expect(a.fs.lstat('/').nlink).toBe(3);
});

test('content, names and nodes count against the capacity, and are given back', () => {
  const { fs } = tree(10_000);
  fs.put('/a', new Uint8Array(6000));
  expect(() => fs.put('/b', new Uint8Array(6000))).toThrow('ENOSPC');
  fs.unlink('/a');
  fs.put('/b', new Uint8Array(6000));
  expect(() => {
    for (let i = 0; i < 100; i++) fs.mkdir(`/d${i}`, 0o755);
  }).toThrow('ENOSPC');
  const handle = fs.open('/b', { read: true, write: true }, 0);
  expect(() => fs.truncate(handle, 2 ** 50)).toThrow('ENOSPC');
  fs.unlink('/b');
  expect(() => fs.put('/c', new Uint8Array(6000))).toThrow('ENOSPC');
  fs.close(handle);
  fs.put('/c', new Uint8Array(6000));
});

test('the limit is the same after a save and a load, however the content grew', () => {
  const { fs } = tree(100_000);
  const handle = fs.open('/f', { write: true, create: true }, 0o644);
  for (let i = 0; i < 50; i++) fs.write(handle, new Uint8Array(1000), i * 1000);
  const other = tree(100_000).fs;
  other.load(fs.save());
  const room = (of: MemoryFs): number => {
    for (let size = 50_000; ; size += 100) {
      try {
        of.truncate(handle, size);
      } catch {
        return size;
      }
    }
  };
  expect(room(other)).toBe(room(fs));
});

test('shrinking and growing again reads zeros', () => {
  const { fs } = tree();
  fs.put('/f', 'secret');
  const handle = fs.open('/f', { read: true, write: true }, 0);
  fs.truncate(handle, 2);
  fs.truncate(handle, 6);
  const into = new Uint8Array(6);
  expect(fs.read(handle, into, 0)).toBe(6);
  expect(new TextDecoder().decode(into)).toBe('se\0\0\0\0');
});

test('a saved state does not change with the tree it came from', () => {
  const { fs } = tree();
  fs.put('/f', 'before');
  const saved = fs.save();
  fs.put('/f', 'after!');
  fs.put('/g', '');
  const other = tree().fs;
  other.load(saved);
  expect(other.readdir('/').map(({ name }) => name)).toEqual(['f']);
  const into = new Uint8Array(6);
  other.read(other.open('/f', { read: true }, 0), into, 0);
  expect(new TextDecoder().decode(into)).toBe('before');
});
