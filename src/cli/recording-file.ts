import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RecordingError } from '../replay/format.js';
import { Recorder } from '../replay/recorder.js';
import { Recording } from '../replay/recording.js';
import type { Module } from '../wasm/module.js';
import { EXIT, Refusal } from './errors.js';
import type { GuestSettings } from './guest-options.js';
import type { Witness } from './guest.js';
import { loadFile, readInput } from './module-file.js';
import { writeAll } from './output.js';

/** A file that is being recorded into. */
export class RecordingFile implements Witness {
  private readonly fd: number;
  private readonly settings: GuestSettings;
  private readonly path: string;
  recorder!: Recorder;

  /** `words`: the module's path and what follows it. */
  constructor(out: string, settings: GuestSettings, words: readonly string[]) {
    this.settings = settings;
    this.path = words[0]!;
    try {
      this.fd = openSync(out, 'w');
    } catch (error) {
      throw new Refusal(`${out} cannot be written: ${(error as Error).message}`);
    }
  }

  options: Witness['options'] = (base, module) => {
    const about = { module: moduleHash(module), path: resolve(this.path), settings: JSON.stringify(this.settings) };
    this.recorder = new Recorder(base, about, (bytes) => writeAll(this.fd, bytes));
    return this.recorder.options;
  };
  made: Witness['made'] = (program) => this.recorder.attach(program);

  close(): void {
    closeSync(this.fd);
  }
}

export interface OpenedRecording {
  readonly recording: Recording;
  readonly module: Module;
  readonly settings: GuestSettings;
}

/**
 * Reads a recording and finds its module: the file that the user names, or where it was when it was recorded, or one of
 * that name beside the recording. Throws a `Refusal` for what is no recording, or not of that module.
 */
export function openRecording(path: string, named: string | undefined): OpenedRecording {
  const recording = refusing(path, () => Recording.read(readInput(path)));
  const { header } = recording;
  const beside = join(dirname(path), basename(header.path));
  const file = named ?? [header.path, beside].find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Refusal(`${path} is a recording of ${header.path}, and that file is gone; name another copy with --module`, EXIT.noSuchFile);
  const settings = refusing(path, () => parseSettings(header.settings));
  const module = loadFile(file, settings.features);
  const hash = moduleHash(module);
  if (hash !== header.module) throw new Refusal(`${path} is a recording of another module than ${file}: recorded was ${header.module}, the file is ${hash}`);
  return { recording, module, settings };
}

/** What a recording is found to lack is told with its name. */
export function refusing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RecordingError) throw new Refusal(`${path} cannot be replayed: ${error.message}`);
    throw error;
  }
}

function parseSettings(text: string): GuestSettings {
  try {
    return JSON.parse(text) as GuestSettings;
  } catch {
    throw new RecordingError('its head is damaged: the settings are unreadable');
  }
}

function moduleHash({ bytes }: Module): string {
  return createHash('sha256').update(bytes).digest('hex');
}
