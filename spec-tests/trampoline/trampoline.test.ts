import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Driver } from '../../src/engine/drive.js';
import { instantiate } from '../../src/engine/instance.js';
import { Machine } from '../../src/engine/machine.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/engine/snapshot.js';
import { type Instance, Store } from '../../src/engine/store.js';
import { i32, i64, type Value } from '../../src/engine/value.js';
import type { After, Loop } from '../../src/go/loop.js';
import { type GoModule, recognise } from '../../src/go/recognise.js';
import { Registers } from '../../src/go/registers.js';
import { decide, HostTrampoline } from '../../src/go/trampoline.js';
import { GoWatch } from '../../src/go/watch.js';
import { decode } from '../../src/wasm/binary/decode.js';
import type { Module } from '../../src/wasm/module.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { validate } from '../../src/wasm/validate/validate.js';

const LOG = 0x100;
/** PC_F of the model's functions. */
const FUNCS = { 0x1001: 'worker', 0x1002: 'step', 0x1005: 'goexit', 0x1006: 'sum' } as Record<number, string>;

const loaded = new Map<string, Module>();

function load(file: string): Module {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const { bytes } = assemble(new Uint8Array(readFileSync(new URL(file, import.meta.url))));
  const module = decode(bytes);
  validate(module);
  loaded.set(file, module);
  return module;
}

interface Turn {
  readonly pcF: number;
  readonly pcB: number;
  readonly clock: number;
  readonly nested: boolean;
}

class Model {
  readonly go: GoModule;
  readonly machine: Machine;
  readonly driver: Driver;
  readonly instance: Instance;
  readonly registers: Registers;
  readonly trampoline: HostTrampoline;
  readonly turns: Turn[] = [];

  constructor(file: string) {
    const module = load(file);
    this.go = recognise(module)!;
    const store = new Store();
    this.instance = instantiate(store, module, () => undefined).instance;
    this.machine = new Machine(store);
    this.driver = new Driver(this.machine);
    this.registers = new Registers(store, this.instance, this.go.globals);
    this.trampoline = new HostTrampoline(this.machine, this.instance, this.go);
    const heard = (loop: Loop, pcF: number, pcB: number): void => void this.turns.push({ pcF, pcB, clock: this.machine.clock, nested: loop.stops });
    this.trampoline.onTurn = heard;
    for (const loop of this.trampoline.loops) {
      this.machine.probes.at(this.instance.funcs[loop.func]!, loop.turnAt, () => heard(loop, this.registers.pcF, this.registers.pcB));
    }
  }

  use(trampoline: 'module' | 'host'): void {
    if (trampoline === 'host') this.trampoline.install();
    else this.trampoline.remove();
  }

  call(name: string, ...args: Value[]): readonly Value[] {
    return this.driver.call(this.instance.exports.get(name)!.address, args);
  }

  get log(): string {
    const { memory } = this.registers;
    return memory.text(LOG, memory.u32(0x10) - LOG);
  }

  /** Everything that a trampoline may leave a mark on. */
  get state(): object {
    const { store } = this.machine;
    return { clock: this.machine.clock, globals: [...store.globalCells.i64.subarray(0, store.globalCellCount)], memory: Buffer.from(store.memories[0]!.u8).toString('base64') };
  }

  shownTurns(): string[] {
    return this.turns.map(({ pcF, pcB }) => `${FUNCS[pcF]}:${pcB}`);
  }
}

const TURNS = [
  // run: both start, and take turns until goroutine 1 pauses
  ['worker:0', 'worker:0', 'step:1', 'worker:2', 'step:1'],
  ['step:2', 'worker:2', 'step:1', 'worker:2', 'goexit:1', 'step:1'],
  ['step:2', 'worker:2', 'goexit:1'],
];
const LOGS = ['abAaB', 'abAaB.bAxB', 'abAaB.bAxB.x'];

describe.each(['stack-pc.wat', 'global-pc.wat'])('%s', (file) => {
  test.each(['module', 'host'] as const)('takes its turns under the %s trampoline', (trampoline) => {
    const model = new Model(file);
    model.use(trampoline);
    LOGS.forEach((log, i) => {
      if (i === 0) model.call('run', i32(2));
      else model.call('resume');
      expect(model.log).toBe(log);
      expect(model.registers.pause).toBe(false);
      expect(model.shownTurns()).toEqual(TURNS[i]);
      model.turns.length = 0;
    });
  });

  test('is the same under either, also when they change at every pause', () => {
    const plans: ('module' | 'host')[][] = [
      ['module', 'module', 'module'],
      ['host', 'host', 'host'],
      ['module', 'host', 'module'],
      ['host', 'module', 'host'],
    ];
    const runs = plans.map((plan) => {
      const model = new Model(file);
      const states = plan.map((trampoline, i) => {
        model.use(trampoline);
        if (i === 0) model.call('run', i32(2));
        else model.call('resume');
        return model.state;
      });
      return { states, turns: model.turns };
    });
    for (const run of runs.slice(1)) expect(run).toEqual(runs[0]);
  });

  test('takes the turns that the model of the loop decides on, step by step', () => {
    const model = new Model(file);
    const { machine, registers, go } = model;
    const loop = go.loop!;
    const loopFunc = model.instance.funcs[loop.func]!;
    let after: After = 'entry';
    const decided: string[] = [];
    machine.start(model.instance.exports.get('run')!.address, [i32(2)]);
    // Wherever the loop is innermost and about to decide, the model is asked first; then the loop has to do the same.
    machine.probes.atEntry(loopFunc, () => ask('entry'));
    const ask = (at: After): void => {
      after = at;
      const decision = decide(loop, after, registers);
      decided.push(decision.to === 'end' ? 'end' : `${FUNCS[decision.pcF]}:${decision.pcB}`);
    };
    let inner = false;
    for (let stop = machine.step(); stop.kind !== 'returned'; stop = machine.step()) {
      expect(stop.kind).toBe('limit');
      const [top] = machine.frames();
      const inLoop = top?.kind === 'wasm' && top.func === loopFunc;
      if (inLoop && inner) ask('return');
      inner = !inLoop && machine.frames().some((frame) => frame.func === loopFunc);
    }
    expect(decided.filter((turn) => turn !== 'end')).toEqual(TURNS[0]);
    expect(decided.at(-1)).toBe('end');
    expect(model.shownTurns()).toEqual(TURNS[0]);
  });
});

describe('an exported function that unwinds', () => {
  const paused = (trampoline: 'module' | 'host'): Model => {
    const model = new Model('stack-pc.wat');
    model.use(trampoline);
    model.call('run', i32(2));
    model.turns.length = 0;
    return model;
  };

  test.each(['module', 'host'] as const)('runs others in a loop of its own until it returns itself (%s)', (trampoline) => {
    const model = paused(trampoline);
    const { sp } = model.registers;
    const [length] = model.call('sum', i32(1), i32(1));
    expect(model.log).toBe('abAaBbAxB');
    expect(length).toEqual(i32(model.log.length));
    expect(model.registers.sp).toBe(sp);
    expect(model.turns.every(({ nested }) => nested)).toBe(true);
    expect(model.shownTurns()).toEqual(['step:1', 'worker:2', 'goexit:1', 'step:1', 'worker:2']);
  });

  test('is the same under either', () => {
    const runs = (['module', 'host'] as const).map((trampoline) => {
      const model = paused(trampoline);
      model.call('sum', i32(1), i32(1));
      model.call('resume');
      return { state: model.state, turns: model.turns };
    });
    expect(runs[1]).toEqual(runs[0]);
  });

  test('is left early by a pause, with what the stack then holds', () => {
    const runs = (['module', 'host'] as const).map((trampoline) => {
      const model = paused(trampoline);
      const { sp } = model.registers;
      model.call('sum', i32(1), i32(0));
      expect(model.registers.sp).not.toBe(sp);
      return model.state;
    });
    expect(runs[1]).toEqual(runs[0]);
  });

  test.each(['module', 'host'] as const)('that is left early is reported (%s)', (trampoline) => {
    const reported = [0, 1].map((quiet) => {
      const model = paused(trampoline);
      const actions: string[] = [];
      const watch = new GoWatch(model.machine, model.instance, model.go, (event) => void (event.event === 'pause' && actions.push(event.action)));
      model.call('sum', i32(1), i32(quiet));
      watch.remove();
      return actions;
    });
    expect(reported).toEqual([['lost export', 'pause'], []]);
  });
});

describe('a damaged PC traps as call_indirect does', () => {
  const traps: [name: string, pc: bigint, sp: number][] = [
    ['uninitialized element 5', 0x50000n, 0x4000],
    ['undefined element', 0x20000000n, 0x4000],
    ['undefined element', 0xffff_ffff_0000n, 0x4000],
    ['indirect call type mismatch', 0x10070000n, 0x4000],
    ['out of bounds memory access', 0n, 0],
    ['out of bounds memory access', 0n, 0x20000],
  ];
  test.each(traps)('%s', (message, pc, sp) => {
    const outcomes = (['module', 'host'] as const).map((trampoline) => {
      const model = new Model('stack-pc.wat');
      model.use(trampoline);
      let text = '';
      try {
        model.call('broken', i64(pc), i32(sp));
      } catch (error) {
        text = (error as Error).message;
      }
      return { text, clock: model.machine.clock };
    });
    expect(outcomes[0]!.text).toBe(message);
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  test('PC in globals', () => {
    const outcomes = (['module', 'host'] as const).map((trampoline) => {
      const model = new Model('global-pc.wat');
      model.use(trampoline);
      expect(() => model.call('broken', i32(7))).toThrow('uninitialized element 7');
      return model.machine.clock;
    });
    expect(outcomes[1]).toBe(outcomes[0]);
  });
});

describe.each(['stack-pc.wat', 'global-pc.wat'])('wherever the host trampoline is stopped (%s)', (file) => {
  const begin = (trampoline: 'module' | 'host'): Model => {
    const model = new Model(file);
    model.use(trampoline);
    model.machine.start(model.instance.exports.get('run')!.address, [i32(2)]);
    return model;
  };
  const stopAt = (model: Model, limit: number): void => {
    model.driver.limit = limit;
    expect(() => model.driver.runTo(0)).toThrow('limit');
    expect(model.machine.clock).toBe(limit);
    model.driver.limit = Infinity;
  };
  const straight = new Model(file);
  straight.call('run', i32(2));

  test('it stands where the module does, at exactly that clock, and goes on to the same end from a snapshot', () => {
    const [module, host, copy] = [begin('module'), begin('host'), new Model(file)];
    copy.use('host');
    const hashes = new Set<string>();
    for (let limit = 1; limit < straight.machine.clock; limit++) {
      stopAt(module, limit);
      stopAt(host, limit);
      expect(host.log).toBe(module.log);
      expect(host.turns).toEqual(module.turns);
      expect(host.machine.calls).toBe(module.machine.calls);
      expect(host.machine.frames().map(({ func }) => func)).toEqual(module.machine.frames().map(({ func }) => func));
      hashes.add(host.machine.hash());
      copy.machine.restore(decodeSnapshot(encodeSnapshot(host.machine.snapshot())));
      expect(copy.machine.hash()).toBe(host.machine.hash());
      copy.driver.runTo(0);
      expect(copy.state).toEqual(straight.state);
      expect(copy.machine.calls).toBe(straight.machine.calls);
    }
    // What it waits for is part of the state.
    expect(hashes.size).toBe(straight.machine.clock - 1);
    host.driver.runTo(0);
    expect(host.state).toEqual(straight.state);
  });
});

test.each([
  [0x50000n, 0x4000],
  [0n, 0],
])('a turn that traps (PC %x, SP %i) does so after the same instructions, stopped anywhere before', (pc, sp) => {
  const begin = (trampoline: 'module' | 'host'): Model => {
    const model = new Model('stack-pc.wat');
    model.use(trampoline);
    model.machine.start(model.instance.exports.get('broken')!.address, [i64(pc), i32(sp)]);
    return model;
  };
  const end = (model: Model): object => {
    model.driver.limit = Infinity;
    expect(() => model.driver.runTo(0)).toThrow(/uninitialized element|out of bounds/);
    return model.state;
  };
  const module = begin('module');
  const expected = end(module);
  for (let limit = 1; limit < module.machine.clock; limit++) {
    const host = begin('host');
    host.driver.limit = limit;
    expect(() => host.driver.runTo(0)).toThrow('limit');
    expect(host.machine.clock).toBe(limit);
    expect(end(host)).toEqual(expected);
  }
});
