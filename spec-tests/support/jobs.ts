import type { Program } from '../../src/program/program.js';
import { parseValue } from '../../src/program/values.js';
import { type CallSequence, oracleOf, type Run, SANDBOX } from './oracles.js';
import type { Program as TestProgram } from './programs.js';
import { record, type Recorded, type RecordOptions } from './recorded.js';
import { testModule } from './traced.js';

/** Something that a test program can be made to do while it is recorded. */
export interface Job {
  readonly name: string;
  record(options: Pick<RecordOptions, 'real' | 'tier'>): Promise<Recorded>;
}

/** All that the oracle did with a program. */
export function jobsOf(program: TestProgram): Job[] {
  const { runs, calls } = oracleOf(program.name);
  return [...runs.map((run) => jobOfRun(program, run)), ...calls.map((sequence) => jobOfCalls(program, sequence))];
}

export function jobOfRun(program: TestProgram, run: Run): Job {
  const args = program.target === 'js' && run.folder === true ? [...run.args, SANDBOX] : run.args;
  return { name: run.args.join(' ') || 'run', record: (options) => record(testModule(program.name), args, { ...run, ...options }) };
}

/** Calls one after the other, as long as none needs what the one before answered; a reactor, which would be initialised again, gets one. */
export function jobOfCalls(program: TestProgram, { name, steps }: CallSequence): Job {
  const needs = steps.findIndex((words) => words[0] === 'write' || words.some((word) => word.startsWith('$')));
  const plain = steps.slice(0, needs < 0 ? undefined : needs);
  const prepare = (guest: Program): void => {
    for (const [export_, ...words] of guest.kind === 'reactor' ? plain.slice(-1) : plain) {
      const { params } = guest.exportedFunction(export_!).type;
      guest.invoke(export_!, words.map((word, i) => parseValue(word, params[i]!)));
    }
  };
  return { name: `calls: ${name}`, record: (options) => record(testModule(program.name), [], { ...options, prepare }) };
}
