import { describeOracles } from '../support/oracles.js';

describeOracles(({ language, toolchain }) => language === 'go' && toolchain === '1.27');
