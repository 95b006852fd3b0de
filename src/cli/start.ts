import { join } from 'node:path';
import { KeptCode } from './kept-code.js';
import type * as Tools from './tool.js';

type Tool = typeof Tools;

/** The file next to this one that holds the whole tool; unknown where it has not been bundled (tools/bundle.mjs). */
declare const BUNDLE: string | undefined;

/** Does what an executable of the package is for and ends the process with the exit code. */
export async function start(run: (tool: Tool, args: readonly string[]) => Promise<number>): Promise<never> {
  const args = process.argv.slice(2);
  // All output is written before its call returns; what still waits for input must not keep the process alive.
  if (typeof BUNDLE === 'undefined') process.exit(await run(await import('./tool.js'), args));
  const code = new KeptCode(join(__dirname, BUNDLE));
  const tool = code.load(require) as Tool;
  tool.packages.yargs = () => import('yargs');
  const status = await run(tool, args);
  code.keep(tool.usedParts);
  process.exit(status);
}
