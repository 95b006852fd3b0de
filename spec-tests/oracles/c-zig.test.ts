import { describeOracles } from '../support/oracles.js';

describeOracles(({ language }) => language !== 'go');
