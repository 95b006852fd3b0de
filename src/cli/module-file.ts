import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isBinary, loadModule } from '../program/load.js';
import { DecodeError, SyntaxError, ValidationError } from '../wasm/errors.js';
import { type Feature, type Features, WASM_3, withFeatures } from '../wasm/features.js';
import type { Module } from '../wasm/module.js';
import { type Assembled, assemble } from '../wasm/text/assemble.js';
import { describeError } from '../wasm/text/source.js';
import { EXIT, Refusal } from './errors.js';
import { featureHint } from './feature-options.js';

/** To look for the feature that a module needs is to read it once for each: of longer ones nothing is said. */
const MAX_HINTED = 2 ** 22;

/** The whole content of a file that a user named. Throws a `Refusal` that says why not: 127 if there is none, else 126. */
export function readInput(path: string): Uint8Array {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new Refusal(`${path} is a folder, not a file`, EXIT.notLoadable);
    // An endless device would be read for ever; a pipe has an end.
    if (!stat.isFile() && !stat.isFIFO()) throw new Refusal(`${path} is a device, not a file`, EXIT.notLoadable);
    const buffer = readFileSync(fd);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw unreadable(path, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function unreadable(path: string, error: unknown): Refusal {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new Refusal(`there is no file ${path}`, EXIT.noSuchFile);
    case 'EACCES':
    case 'EPERM':
      return new Refusal(`${path} cannot be read: permission denied`, EXIT.notLoadable);
    case 'EISDIR':
      return new Refusal(`${path} is a folder, not a file`, EXIT.notLoadable);
    case 'ERR_FS_FILE_TOO_LARGE':
      return new Refusal(`${path} is too large to load`, EXIT.notLoadable);
    default:
      return new Refusal(`${path} cannot be read: ${message}`, EXIT.notLoadable);
  }
}

/**
 * A valid module out of a `.wasm` or `.wat` file, told apart by their content, of the standard and the features `named`.
 * Throws a `Refusal` that names the file and the place in it.
 */
export function loadFile(path: string, named: readonly Feature[] = []): Module {
  const features = withFeatures(WASM_3, ...named);
  const content = readInput(path);
  if (content.length === 0) throw new Refusal(`${path} is empty`, EXIT.notLoadable);
  if (isBinary(content)) return load(content, features, (error) => `${path}: ${error.message}`);
  if (!looksLikeText(path, content)) {
    const start = Array.from(content.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new Refusal(`${path} is not a WebAssembly module: it begins with ${start}, a module with 00 61 73 6d`, EXIT.notLoadable);
  }
  const { bytes, sourceMap } = assembleFile(path, content, features);
  return load(bytes, features, (error) => {
    const place = sourceMap.position(error.offset);
    return place === undefined ? `${path}: ${error.message}` : describeError(content, new SyntaxError(error.message, place.line, place.column), path);
  });
}

/** Text to binary. Throws a `Refusal` that shows the place. */
export function assembleFile(path: string, content: Uint8Array, features: Features): Assembled {
  return refusing(content, features, (admitted) => assemble(content, { features: admitted }), (error) => {
    return error instanceof SyntaxError ? describeError(content, error, path) : undefined;
  });
}

function load(bytes: Uint8Array, features: Features, describe: (error: DecodeError | ValidationError) => string): Module {
  return refusing(bytes, features, (admitted) => loadModule(bytes, admitted), (error) => {
    return error instanceof DecodeError || error instanceof ValidationError ? describe(error) : undefined;
  });
}

/** What fails for a reason that can be described is refused. */
function refusing<T>(content: Uint8Array, features: Features, read: (features: Features) => T, describe: (error: unknown) => string | undefined): T {
  try {
    return read(features);
  } catch (error) {
    const message = describe(error);
    if (message === undefined) throw error;
    const hint = content.length > MAX_HINTED ? '' : featureHint(features, (admitted) => succeeds(() => read(admitted)));
    throw new Refusal(`${message}${hint}`, EXIT.notLoadable);
  }
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** Text begins with a parenthesis or a comment; by its name, a file is meant to be text whatever it holds. */
function looksLikeText(path: string, content: Uint8Array): boolean {
  return /\.wa[sx]?t$/i.test(path) || /^\uFEFF?\s*(\(|;;)/.test(new TextDecoder().decode(content.subarray(0, 4096)));
}
