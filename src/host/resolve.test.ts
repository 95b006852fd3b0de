import { beforeEach, expect, test } from 'vitest';
import { VIRTUAL_START } from './clock.js';
import { FsError, type FsErrorCode } from './fs.js';
import { MemoryFs } from './memory-fs.js';
import { resolve, type ResolveOptions } from './resolve.js';

let fs: MemoryFs;
beforeEach(() => {
  fs = new MemoryFs({ realtime: () => VIRTUAL_START });
  fs.put('/home/user/file', 'x');
  fs.put('/etc/hosts', 'x');
  fs.symlink('/etc', '/home/user/absolute');
  fs.symlink('../../etc', '/home/user/relative');
  fs.symlink('file', '/home/user/near');
  fs.symlink('self', '/home/user/self');
  fs.symlink('gone', '/home/user/dangling');
});

/** Where it leads, with a `?` if nothing is there, or the error. */
function walk(path: string, options: ResolveOptions, base = '/home/user'): string | FsErrorCode {
  try {
    const found = resolve(fs, base, path, options);
    return found.stat === undefined ? `${found.path}?` : found.path;
  } catch (error) {
    if (error instanceof FsError) return error.code;
    throw error;
  }
}

test('in a tree that is the world, absolute is from its root and nothing is above it', () => {
  const options = { follow: true };
  expect(walk('absolute/hosts', options)).toBe('/etc/hosts');
  expect(walk('relative/hosts', options)).toBe('/etc/hosts');
  expect(walk('/../../etc/./hosts', options)).toBe('/etc/hosts');
  expect(walk('../../../..', options)).toBe('/');
  expect(walk('//home//user///', options)).toBe('/home/user');
});

test('beneath a directory, nothing leads out of it', () => {
  const options = { follow: true, beneath: '/home/user' };
  for (const path of ['absolute/hosts', 'absolute', 'relative/hosts', '..', '../user', '/', '/home/user/file', 'near/../../x', 'nowhere/../..']) {
    expect([path, walk(path, options)]).toEqual([path, path.startsWith('near') ? 'ENOTDIR' : path.startsWith('nowhere') ? 'ENOENT' : 'EPERM']);
  }
  expect(walk('near', options)).toBe('/home/user/file');
  expect(walk('.', options)).toBe('/home/user');
  expect(walk('new', options)).toBe('/home/user/new?');
});

test('a link in last place is followed if asked, or if a slash follows it', () => {
  expect(walk('near', { follow: false })).toBe('/home/user/near');
  expect(walk('near/', { follow: false })).toBe('ENOTDIR');
  expect(walk('relative', { follow: false })).toBe('/home/user/relative');
  expect(walk('relative/', { follow: false })).toBe('/etc');
  expect(walk('relative/.', { follow: false })).toBe('/etc');
  expect(walk('dangling', { follow: true })).toBe('/home/user/gone?');
  expect(walk('dangling', { follow: false })).toBe('/home/user/dangling');
  expect(walk('self', { follow: true })).toBe('ELOOP');
  expect(walk('self', { follow: false })).toBe('/home/user/self');
});

test('what is wrong with a path itself', () => {
  expect(walk('', { follow: true })).toBe('ENOENT');
  expect(walk('a\0', { follow: true })).toBe('EINVAL');
  expect(walk('a/'.repeat(3000), { follow: true })).toBe('ENAMETOOLONG');
  expect(walk('file/x', { follow: true })).toBe('ENOTDIR');
  expect(walk('file/', { follow: true })).toBe('ENOTDIR');
  expect(walk('gone/x', { follow: true })).toBe('ENOENT');
});
