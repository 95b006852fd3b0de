// @ts-check
// One run of a program under observation, for instructions a second:
//
//   node observe.mjs DIST HOW TIER MODULE [args…]    prints {"instructions":…,"wall":…,"cpu":…} of the run alone
//
// HOW is one of observing.mjs; wall and processor time (user and system of the process) are in seconds.
import { readFileSync } from 'node:fs';
import { libraryAt, virtualOptions } from './world.mjs';

const [dist, how, tier, file, ...args] = /** @type {[string, string, import('./world.mjs').Tier, string, ...string[]]} */ (process.argv.slice(2));
const library = await libraryAt(dist);
const module = library.loadModule(new Uint8Array(readFileSync(file)));
const options = virtualOptions(library, module, args, tier);

/** @param {string} wanted */
function functionCalled(wanted) {
  const name = library.functionNaming(module);
  for (let index = 0; index < module.imported.funcs + module.funcs.length; index++) if (name(index) === wanted) return index;
  throw new Error(`no function ${wanted}`);
}

const recorder = how === 'recorded' ? new library.Recorder(options, { module: '', path: file, settings: '{}' }, () => {}) : undefined;
const program = new library.Program(module, recorder?.options ?? options);
const { machine, instance } = program;
const address = (/** @type {string} */ name) => /** @type {number} */ (instance.funcs[functionCalled(name)]);
/** @type {import('../dist/index.js').TraceSession | undefined} */
let trace;
const traced = (/** @type {import('../dist/index.js').EventKind[] | undefined} */ events) => {
  trace = new library.TraceSession(program, { events, write: () => {} });
};

switch (how) {
  case 'plain':
    break;
  case 'recorded':
    recorder?.attach(program);
    break;
  case 'rare probe':
    machine.probes.atEntry(address('main.main'), () => {});
    break;
  case 'probe':
    machine.probes.atEntry(address('main.fib'), () => {});
    break;
  case 'watch':
    // Go never writes there.
    machine.probes.onWrite(/** @type {number} */ (instance.memories[0]), 8, 4, () => {});
    break;
  case 'traced':
    traced(undefined);
    break;
  case 'calls traced':
    traced(['call']);
    break;
  case 'every instruction':
    machine.probes.everyInstruction(() => {});
    break;
  default:
    throw new Error(`observe ${how}?`);
}

program.start();
const start = performance.now();
const before = process.cpuUsage();
const outcome = await (recorder ?? program).run();
const { user, system } = process.cpuUsage(before);
const wall = (performance.now() - start) / 1e3;
recorder?.end(outcome);
trace?.finish();
if (outcome.kind !== 'exited' || outcome.code !== 0) throw new Error(`the program ended otherwise: ${JSON.stringify(outcome)}`);
console.log(JSON.stringify({ instructions: machine.clock, wall, cpu: (user + system) / 1e6 }));
