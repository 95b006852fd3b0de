/** What of the world a program can be given on Node: `retunwind/node`. */
export { NodeFs } from './host/node/node-fs.js';
export { NodeInput, NodeStreams } from './host/node/node-streams.js';
export { RealClock } from './host/node/real-clock.js';
export { RealRandom } from './host/node/real-random.js';
export { freshRealm, nodeRealm } from './host/node/realm.js';
export { WholeInput } from './host/node/whole-input.js';
