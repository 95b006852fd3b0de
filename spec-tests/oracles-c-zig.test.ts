import { describeOracle } from './support/oracles.js';
import { programs } from './support/programs.js';

for (const program of programs) if (program.language !== 'go') describeOracle(program);
