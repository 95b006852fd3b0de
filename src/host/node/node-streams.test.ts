import * as fs from 'node:fs';
import { beforeEach, expect, test, vi } from 'vitest';
import { FsError } from '../fs.js';
import { BufferedInput } from '../io.js';
import { NodeInput, NodeStreams } from './node-streams.js';

vi.mock('node:fs', async (original) => ({ ...(await original<typeof fs>()), readSync: vi.fn(), writeSync: vi.fn(), fstatSync: vi.fn() }));

const terminals = new Set<number>();
const isatty = vi.fn((fd: number) => terminals.has(fd));
vi.spyOn(process, 'getBuiltinModule').mockImplementation((() => ({ isatty })) as unknown as typeof process.getBuiltinModule);
const fstatSync = vi.mocked(fs.fstatSync as (fd: number) => Pick<fs.Stats, 'rdev' | 'isCharacterDevice'>);
const readSync = vi.mocked(fs.readSync as (fd: number, into: Uint8Array) => number);
const writeSync = vi.mocked(fs.writeSync as (fd: number, bytes: Uint8Array, at: number, length: number) => number);

beforeEach(() => {
  terminals.clear();
  isatty.mockClear();
  fstatSync.mockImplementation((fd) => ({ rdev: 0x8800, isCharacterDevice: () => terminals.has(fd) }));
  readSync.mockReset();
  writeSync.mockReset();
});

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'read' });
}
function gives(text: string): (fd: number, into: Uint8Array) => number {
  return (_, into) => into.length && into.set(Buffer.from(text)) === undefined ? text.length : 0;
}

test('a read gives what there is and waits out a stream that does not block', () => {
  readSync.mockImplementationOnce(gives('abc'));
  readSync.mockImplementationOnce(() => {
    throw systemError('EAGAIN');
  });
  readSync.mockImplementationOnce(gives('d'));
  const input = new NodeInput();
  expect(Buffer.from(input.read(10) as Uint8Array).toString()).toBe('abc');
  expect(Buffer.from(input.read(10) as Uint8Array).toString()).toBe('d');
});

test('the end stays the end, except on a terminal; on Windows it is an error', () => {
  readSync.mockImplementationOnce(() => {
    throw systemError('EOF');
  });
  const input = new NodeInput();
  expect(input.read(10)).toBe('eof');
  expect(input.read(10)).toBe('eof');
  expect(readSync).toHaveBeenCalledTimes(1);

  terminals.add(0);
  readSync.mockReset();
  readSync.mockReturnValueOnce(0).mockImplementationOnce(gives('more'));
  const typed = new NodeInput();
  expect(typed.read(10)).toBe('eof');
  expect(typed.read(10)).toHaveLength(4);
});

test('however much a guest asks for, one read asks for little', () => {
  readSync.mockImplementationOnce((_, into) => into.length);
  expect(new NodeInput().read(2 ** 32)).toHaveLength(65536);
});

test('all bytes are written, in pieces if need be', () => {
  const written: string[] = [];
  writeSync.mockImplementation((_, bytes, at) => {
    if (written.length === 1) {
      written.push('(again)');
      throw systemError('EAGAIN');
    }
    written.push(Buffer.from(bytes.subarray(at, at + 4)).toString());
    return Math.min(4, bytes.length - at);
  });
  new NodeStreams(new BufferedInput(new Uint8Array())).write(1, Buffer.from('abcdefghij'));
  expect(written).toEqual(['abcd', '(again)', 'efgh', 'ij']);
});

test('a reader that is gone is an error of ours', () => {
  writeSync.mockImplementation(() => {
    throw systemError('EPIPE');
  });
  expect(() => new NodeStreams().write(1, Buffer.from('x'))).toThrow(FsError);
  expect(() => new NodeStreams().write(1, Buffer.from('x'))).toThrow('EPIPE');
});

test('terminals are shown, unless they are hidden or the input is another', () => {
  terminals.add(0).add(1);
  const shown = new NodeStreams();
  expect([0, 1, 2].map((fd) => shown.isTerminal(fd as 0 | 1 | 2))).toEqual([true, true, false]);
  expect(new NodeStreams(new BufferedInput(new Uint8Array())).isTerminal(0)).toBe(false);
  expect(new NodeStreams(new NodeInput(), false).isTerminal(1)).toBe(false);
});

test('only a device is asked whether it is a terminal, and the null device is none', () => {
  fstatSync.mockImplementation((fd) => ({ rdev: fs.statSync('/dev/null').rdev, isCharacterDevice: () => fd === 1 }));
  expect([0, 1].map((fd) => new NodeStreams().isTerminal(fd as 0 | 1))).toEqual([false, false]);
  expect(isatty).not.toHaveBeenCalled();
  fstatSync.mockImplementation(() => {
    throw systemError('EBADF');
  });
  expect(new NodeStreams().isTerminal(2)).toBe(false);
});
