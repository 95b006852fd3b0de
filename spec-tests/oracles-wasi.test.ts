import { describeOracle } from './support/oracles.js';
import { programs } from './support/programs.js';

for (const program of programs) if (program.language === 'go' && program.target === 'wasip1') describeOracle(program);
