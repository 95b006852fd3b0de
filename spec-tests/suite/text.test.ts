import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { profileOf } from '../../src/script/profiles.js';
import { decode } from '../../src/wasm/binary/decode.js';
import { SyntaxError } from '../../src/wasm/errors.js';
import type { Features } from '../../src/wasm/features.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { printModule } from '../../src/wasm/text/printer.js';
import { type Command, parseScript, type ScriptModule } from '../../src/wasm/text/script.js';
import { scripts, suiteFolder } from '../support/suite.js';

/** The text format on every module of our own scripts and, where it is there, of the official suite. */

const OWN = join(import.meta.dirname, '../wast');
const official = suiteFolder();

interface ModuleCase {
  readonly place: string;
  readonly command: Extract<Command, { readonly module: ScriptModule }>;
  readonly features: Features;
}

function hasModule(command: Command): command is ModuleCase['command'] {
  return 'module' in command && typeof command.module === 'object';
}

/** The modules of a folder's scripts, and what of the scripts could not be read. `lines` begin with an assertion. */
function read(folder: string): { modules: ModuleCase[]; unreadable: string[]; assertions: number; lines: number } {
  const modules: ModuleCase[] = [];
  const unreadable: string[] = [];
  let assertions = 0;
  let lines = 0;
  for (const path of scripts(folder)) {
    const { features } = profileOf(path);
    const text = readFileSync(join(folder, path));
    lines += text.toString().match(/^\(assert_/gm)?.length ?? 0;
    for (const command of parseScript(text, features)) {
      const place = `${path}:${command.line}`;
      if (command.kind === 'malformed') unreadable.push(`${place}: ${command.error.message}`);
      if (command.kind.startsWith('assert_')) assertions++;
      if (hasModule(command)) modules.push({ place, command, features });
    }
  }
  return { modules, unreadable, assertions, lines };
}

/** The text of the error with which a quoted module is refused. */
function refusal({ command, features }: ModuleCase): string | undefined {
  try {
    command.module.assemble(features);
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
  return undefined;
}

/**
 * What does not come back the same from text. The positions of custom sections are left out: an empty section, which
 * they may stand behind, is not printed.
 */
function roundTrip({ command, features }: ModuleCase): string | undefined {
  const { bytes } = command.module.assemble(features);
  const text = printModule(decode(bytes, features));
  const again = assemble(text, { features }).bytes;
  if (Buffer.compare(bytes, again) === 0) return undefined;
  const withoutCustoms = (all: string): string => all.replaceAll(/^ {2}\(@custom ("[^"]*") \([^)]*\)/gm, '  (@custom $1');
  const second = printModule(decode(again, features));
  if (withoutCustoms(text) !== withoutCustoms(second)) return 'what is printed differs from what was read';
  return command.module.form === 'binary' ? undefined : 'the bytes of a module in text form differ';
}

describe.each([
  ['our own scripts', OWN],
  ['the official suite', official],
] as const)('%s', (_, folder) => {
  describe.skipIf(folder === undefined)('', () => {
    const { modules, unreadable, assertions, lines } = folder === undefined ? { modules: [], unreadable: [], assertions: 0, lines: 0 } : read(folder);
    const isMalformed = ({ command }: ModuleCase): boolean => command.kind.startsWith('assert_malformed');

    it('every command is understood', () => {
      expect(unreadable).toEqual([]);
      expect(assertions).toBe(folder === official ? 64_094 : lines);
    });

    it('malformed text is refused with the expected words', () => {
      const quoted = modules.filter((item) => isMalformed(item) && item.command.module.form === 'quote');
      expect(quoted.length).toBe(folder === official ? 1_297 : 7);
      const wrong = quoted.flatMap((item) => {
        const message = refusal(item);
        const expected = 'message' in item.command ? item.command.message : '';
        return message?.startsWith(expected) ? [] : [`${item.place}: ${message ?? 'accepted'}, expected ${expected}`];
      });
      expect(wrong).toEqual([]);
    });

    it('what is not malformed is assembled, printed and read again', () => {
      const wrong = modules.flatMap((item) => {
        const difference = isMalformed(item) ? undefined : roundTrip(item);
        return difference === undefined ? [] : [`${item.place}: ${difference}`];
      });
      expect(wrong).toEqual([]);
    });
  });
});
