import { WASM_3, withFeatures } from '../../wasm/features.js';
import type { Command } from '../command.js';
import { EXIT, Refusal } from '../errors.js';
import { FEATURES_OPTION, namedFeatures } from '../feature-options.js';
import { assembleFile, readInput } from '../module-file.js';
import { onlyFile } from '../one-file.js';
import { writeOutput } from '../output.js';

export const wat2wasm: Command = {
  name: 'wat2wasm',
  summary: 'Turn the text format into a binary module',
  usage: '[options] FILE -o OUT',
  usageCode: 2,
  guestWords: false,
  options: { output: { type: 'string', alias: 'o', requiresArg: true, describe: 'The file to write' }, features: FEATURES_OPTION },
  examples: [['retunwind wat2wasm add.wat -o add.wasm', 'assemble; the module is not validated']],
  async run(args) {
    const path = onlyFile(args);
    const out = args.options['output'] as string | undefined;
    if (out === undefined) throw new Refusal('-o OUT is missing: where shall the module go?', EXIT.usage);
    const features = withFeatures(WASM_3, ...namedFeatures(args, EXIT.usage));
    writeOutput(out, assembleFile(path, readInput(path), features).bytes, EXIT.usage);
    return EXIT.ok;
  },
};
