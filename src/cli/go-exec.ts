import { NodeFs } from '../host/node/node-fs.js';
import { NodeLateInput } from '../host/node/late-input.js';
import { NodeStreams } from '../host/node/node-streams.js';
import { RealClock } from '../host/node/real-clock.js';
import { RealRandom } from '../host/node/real-random.js';
import { nodeRealm } from '../host/node/realm.js';
import { Program } from '../program/program.js';
import { EXIT, Refusal } from './errors.js';
import { exitCode, runProgram, Stats } from './guest.js';
import { loadFile } from './module-file.js';
import { holdOptimiser } from './optimiser.js';
import { say } from './output.js';
import { usedParts } from './parts.js';
import { identity } from './world.js';
import { report } from './report.js';

/**
 * What `go test` calls with a program that it built: `go_js_wasm_exec` and `go_wasip1_wasm_exec`. As Go's own scripts of
 * these names do, it gives the guest the whole file system, the working directory, the environment, and Node's globals.
 */
export async function goExec(words: readonly string[], goos: 'js' | 'wasip1'): Promise<number> {
  try {
    const [path] = words;
    if (path === undefined || path === '--help') {
      say(`go_${goos}_wasm_exec MODULE [args…]: runs a program for ${goos}/wasm with everything that this process may use; made for GOOS=${goos} GOARCH=wasm go test`);
      return path === undefined ? EXIT.refused : EXIT.ok;
    }
    holdOptimiser(true);
    const module = loadFile(path);
    const everything = new NodeFs('/');
    const env = Object.entries({ ...process.env, PWD: process.cwd() }).map(([name, value]) => `${name}=${value}`);
    const program = new Program(module, {
      world: {
        args: words,
        env,
        streams: new NodeStreams(),
        clock: new RealClock(),
        random: new RealRandom(),
        preopens: [{ name: '/', fs: everything, whole: true }],
        js: { realm: nodeRealm(), fs: everything, cwd: process.cwd(), identity: identity(), input: new NodeLateInput() },
      },
    });
    if (program.kind === 'plain') throw new Refusal(`${path} is no Go program`, EXIT.notLoadable);
    usedParts.add(program.kind);
    program.start();
    return exitCode({ program, settings: { invoke: undefined } }, await runProgram(program, undefined, new Stats(false)));
  } catch (error) {
    return report(error);
  } finally {
    holdOptimiser(false);
  }
}
