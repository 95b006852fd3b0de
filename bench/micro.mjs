// @ts-check
// Micro-benchmarks of the machine's inner parts: npm run bench:micro
import Benchmark from 'benchmark';
import { Program } from '../dist/index.js';
