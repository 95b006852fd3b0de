import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scripts, suiteFolder } from '../../../spec-tests/support/suite.js';
import { profileOf } from '../../script/profiles.js';
import { decode } from '../binary/decode.js';
import { DecodeError, SyntaxError, ValidationError } from '../errors.js';
import { parseScript, type Command } from '../text/script.js';
import type { Features } from '../features.js';
import { validate } from './validate.js';

const folder = suiteFolder();

type ModuleCommand = Extract<Command, { module: object }>;

function isModuleCommand(command: Command): command is ModuleCommand {
  return 'module' in command && typeof command.module === 'object' && !command.kind.endsWith('_custom');
}

/** What becomes of a module, as a message that begins with the kind of assertion that holds for it. */
function verdict(command: ModuleCommand, features: Features): string {
  try {
    validate(decode(command.module.assemble(features).bytes, features), features);
    return 'valid';
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DecodeError) return `assert_malformed ${error.message}`;
    if (error instanceof ValidationError) return `assert_invalid ${error.message}`;
    throw error;
  }
}

describe.skipIf(folder === undefined)('modules of the official suite', () => {
  it.each(folder === undefined ? [] : scripts(folder))('%s', (script) => {
    const features = profileOf(script).features;
    const differences: string[] = [];
    for (const command of parseScript(readFileSync(join(folder!, script)), features)) {
      if (!isModuleCommand(command)) continue;
      const refused = command.kind === 'assert_malformed' || command.kind === 'assert_invalid';
      const expected = refused ? `${command.kind} ${command.message}` : 'valid';
      const actual = verdict(command, features);
      if (!actual.startsWith(expected)) differences.push(`line ${command.line}: expected ${expected}, got ${actual}`);
    }
    expect(differences).toEqual([]);
  });
});
