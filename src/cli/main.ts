#!/usr/bin/env node
import { cli } from './cli.js';

// All output is written before its call returns; what still waits for input must not keep the process alive.
process.exit(await cli(process.argv.slice(2)));
