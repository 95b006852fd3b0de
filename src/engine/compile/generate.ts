import { F64, type ValType } from '../../wasm/types.js';
import type { Store, WasmFunction } from '../store.js';
import type { Block, Site } from './block.js';
import { guardDispatch, thread } from './dispatch.js';
import { arrange } from './structure.js';
import { isWide, leaving } from './builder.js';
import type { Plan } from './plan.js';
import { type Translation, Translator } from './translate.js';
import { wordsOfNumber } from './operand.js';
import { REFUSED } from './departure.js';

/** One version of a function: from its call, or from where the interpreter stands in it. */
export interface Version {
  readonly sites: readonly Site[];
  /** Cells of the locals. */
  readonly locals: number;
  /** What a call takes off the budget of stack, in bytes: no smaller than its JavaScript frame or its flat one. */
  readonly cost: number;
  readonly size: number;
  /** By value that the function dispatches on, the byte offset of the block that it leads to; empty if it does not. */
  readonly parts: readonly number[];
  /** The site where it is left for a value that has no version, and the local that holds the value. */
  readonly partSite: number;
  readonly partLocal: number;
  /** Types and tables of its indirect calls. */
  readonly types: ReadonlySet<number>;
  readonly tables: ReadonlySet<number>;
  /** Functions that it calls directly. */
  readonly callees: ReadonlySet<number>;
}

export interface Generated {
  /** Source of a function expression. */
  readonly source: string;
  readonly version: Version;
}

/** Bytes of a JavaScript frame besides its variables, generously. */
export const FRAME_BYTES = 192;

/**
 * @param address How the function is called in the code.
 * @param from The site to begin behind: 0 is a call.
 * @param part The value that it is called with, where it dispatches on one; 0: all those that have no version.
 */
export function generate(store: Store, func: WasmFunction, address: number, from: number, plan: Plan, part: number = 0): Generated {
  const translation = new Translator(store, func, plan).translate();
  const { sites } = translation;
  thread(translation.blocks);
  const through = from === 0 ? guardDispatch(translation.entry, part) : undefined;
  const dispatches = through !== undefined && part === 0 && through.local < func.type.params.length;
  const site = sites[from]!;
  const block = from === 0 ? translation.entry : site.kind === 'after' ? site.next! : translation.blocks.find(({ site: start }) => start === from)!;
  const names = variables(translation);
  const registers = names.length + 8;
  const cost = Math.max(8 * (registers + 2 * func.type.params.length) + FRAME_BYTES, 8 * (translation.localTypes.length + translation.depth));
  const body = arrange(block, (head) => `if(c<0){${leaving(head.site, variablesAt(head))}}`);
  const name = from === 0 ? (part === 0 ? `f${address}` : `f${address}p${part}`) : `f${address}_${from}`;
  const parameters = parametersOf(translation, func);
  const parts = dispatches ? `if(l${through.local}!==0&&(F=P[l${through.local}])!==undefined)return F(c,d-${cost}${parameters.map((name) => `,${name}`).join('')});` : '';
  const source = from === 0 ? called(name, address, translation, parameters, names, cost, parts, body) : resumed(name, translation, block, names, body);
  const locals = translation.localTypes.map((type, i) => (translation.floats[i]! ? wordsOfNumber(type, `l${i}`).join() : `l${i},${isWide(type) ? `h${i}` : '0'}`));
  for (const site of sites) {
    site.operands = site.next?.types.length ?? 0;
    site.next = undefined;
  }
  const version: Version = {
    sites,
    locals: translation.localTypes.length,
    cost,
    size: translation.size,
    parts: dispatches ? through.edges.map(({ target }) => target.offset) : [],
    partSite: dispatches ? through.site : -1,
    partLocal: dispatches ? through.local : -1,
    types: translation.types,
    tables: translation.tables,
    callees: translation.callees,
  };
  return { source: source(`return x(${[address, 'k', 'c', ...locals].join(',')});`), version };
}

/** The words that are given where a block is left before its start. */
function variablesAt(block: Block): string[] {
  return block.types.flatMap((type, i) => (isWide(type) ? [`s${i}`, `z${i}`] : [`s${i}`]));
}

/** Every variable but those of the locals. */
function variables({ depth, temps, localTypes, guards }: Translation): string[] {
  const names: string[] = ['k=0', 'F'];
  for (let i = 0; i < guards; i++) names.push(`p${i}=0`);
  for (let i = 0; i < depth; i++) names.push(`s${i}=0`, `z${i}=0`);
  for (let i = 0; i < temps; i++) names.push(`t${i}=0`);
  for (const type of localTypes) names.push('', ...(isWide(type) ? [''] : []));
  return names;
}

/** Names of the words of the parameters. */
function parametersOf({ floats }: Translation, { type }: WasmFunction): string[] {
  return type.params.flatMap((type, i) => {
    const [lo, hi] = floats[i]! ? [`a${i}`, `b${i}`] : [`l${i}`, `h${i}`];
    return isWide(type) ? [lo, hi] : [lo];
  });
}

/** A number made of words, and whether it does not say everything about them. */
function numberOf(type: ValType, lo: string, hi: string): { number: string; odd: string } {
  return type === F64 ? { number: `fd(${lo},${hi})`, odd: `odd(${lo},${hi})` } : { number: `fs(${lo})`, odd: `oddS(${lo})` };
}

function called(name: string, address: number, { localTypes, floats }: Translation, params: readonly string[], names: readonly string[], cost: number, parts: string, body: string): (tail: string) => string {
  let odd = '';
  const own = new Set(params);
  const others = localTypes.flatMap((type, i) => {
    if (own.has(`l${i}`)) return [];
    if (!own.has(`a${i}`)) return isWide(type) && !floats[i]! ? [`l${i}=0`, `h${i}=0`] : [`l${i}=0`];
    const given = numberOf(type, `a${i}`, `b${i}`);
    odd += `${odd === '' ? '' : '||'}${given.odd}`;
    return [`l${i}=${given.number}`];
  });
  if (odd !== '') {
    const given = localTypes.map((type, i) => {
      const name = own.has(`a${i}`) ? 'a' : own.has(`l${i}`) ? 'l' : '';
      return name === '' ? '0,0' : `${name}${i},${isWide(type) ? `${name === 'a' ? 'b' : 'h'}${i}` : '0'}`;
    });
    odd = `if(${odd})return x(${[address, 0, 'c', ...given].join()});`;
  }
  const declared = [...names.filter((name) => name !== ''), ...others].join(',');
  // The host's optimiser knows nothing of parameters otherwise.
  const integers = ['c', 'd', ...params].map((param) => `${param}=${param}|0;`).join('');
  return (tail) => `function ${name}(${['c', 'd', ...params].join(',')}){${integers}let ${declared};${parts}J[0]++;${odd}X:{d=d-${cost}|0;if(d<0||c<0)break X;${body}}${tail}}`;
}

/** The locals, and the operands of the block, stand in the flat frame. */
function resumed(name: string, { localTypes, floats }: Translation, block: Block, names: readonly string[], body: string): (tail: string) => string {
  let at = 0;
  let odd = '';
  const values: string[] = [];
  const take = (lo: string, hi: string, type: number): void => {
    values.push(`${lo}=I[p+${at}]`);
    if (isWide(type)) values.push(`${hi}=I[p+${at + 1}]`);
    at += 2;
  };
  localTypes.forEach((type, i) => {
    if (!floats[i]!) return take(`l${i}`, `h${i}`, type);
    const { number, odd: test } = numberOf(type, `I[p+${at}]`, `I[p+${at + 1}]`);
    values.push(`l${i}=${number}`);
    odd += `if(${test})return ${REFUSED};`;
    at += 2;
  });
  block.types.forEach((type, i) => take(`s${i}`, `z${i}`, type));
  const taken = new Set(values.map((value) => value.slice(0, value.indexOf('='))));
  const declared = [...names.filter((name) => name !== '' && !taken.has(name.slice(0, -2))), ...values].join(',');
  return (tail) => `function ${name}(c,d,I,p){c=c|0;d=d|0;${odd}let ${declared};X:{${body}}${tail}}`;
}
