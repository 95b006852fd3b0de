import { printLines } from '../../wasm/text/printer.js';
import type { Command } from '../command.js';
import { EXIT } from '../errors.js';
import { FEATURES_OPTION, namedFeatures } from '../feature-options.js';
import { loadFile } from '../module-file.js';
import { onlyFile } from '../one-file.js';
import { TextWriter, writeOutput } from '../output.js';

export const wasm2wat: Command = {
  name: 'wasm2wat',
  summary: 'Turn a binary module into the text format',
  usage: '[options] FILE [-o OUT]',
  usageCode: 2,
  guestWords: false,
  options: { output: { type: 'string', alias: 'o', requiresArg: true, describe: 'The file to write, instead of stdout' }, features: FEATURES_OPTION },
  examples: [['retunwind wasm2wat app.wasm', 'print a module']],
  async run(args) {
    const path = onlyFile(args);
    const module = loadFile(path, namedFeatures(args, EXIT.usage));
    const out = args.options['output'] as string | undefined;
    if (out !== undefined) writeOutput(out, `${[...printLines(module)].join('\n')}\n`, EXIT.usage);
    else {
      const writer = new TextWriter(1);
      for (const line of printLines(module)) writer.write(`${line}\n`);
      writer.flush();
    }
    return EXIT.ok;
  },
};
