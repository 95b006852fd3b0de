import { type Channel, readChannel, showChannel } from './channels.js';
import type { Goroutine } from './goroutines.js';
import { type Holder, holders, isInData, wordsOnStack } from './holders.js';
import type { GoCall } from './pclntab.js';
import { goroutineStack } from './stacks.js';
import { STATUS, STATUS_SCAN, SUDOG } from './structs.js';
import { isSystemGoroutine, tracebackFrames } from './traceback.js';
import type { GoView } from './view.js';

/** A lock or counter of package sync that a goroutine waits at. */
export interface SyncObject {
  readonly kind: 'Mutex' | 'RWMutex' | 'WaitGroup' | 'Cond' | 'semaphore';
  readonly address: number;
  /** Its state in words: `locked, 2 waiting`. Who locked it is not kept anywhere. */
  readonly state: string;
}

/** What a goroutine waits for. */
export type WaitTarget =
  | { readonly on: 'channel'; readonly action: 'receive' | 'send'; readonly channel: Channel }
  | { readonly on: 'sync'; readonly object: SyncObject }
  /** In the nanoseconds of `runtime.nanotime`. */
  | { readonly on: 'timer'; readonly until: bigint }
  | { readonly on: 'io'; readonly fd: number; readonly mode: 'read' | 'write' };

/** Someone who could end a wait. */
export interface Waker extends Holder {
  /** Its state, and why it waits itself. */
  readonly state: string;
  /** It waits at the same channel for the same thing, so it does not help as long as it does. */
  readonly sameSide: boolean;
}

/** Why a goroutine waits. */
export interface Wait {
  readonly goroutine: Goroutine;
  /** Go's word for it; empty if it does not wait. */
  readonly reason: string;
  /** Where in the program. */
  readonly at: GoCall | undefined;
  /** When the collector first saw it waiting (nanotime); `undefined` if no collection came by since. */
  readonly since: bigint | undefined;
  readonly targets: readonly WaitTarget[];
  /** Nothing can end it: a nil channel, `select {}`. */
  readonly forever: boolean;
  /**
   * Goroutines whose stacks (or closures on them) hold what is waited for. Conservative: the word may be left over,
   * and a goroutine may reach it through other memory, which is not searched.
   */
  readonly wakers: readonly Waker[];
  /** A package-level variable or something else in the data refers to it, so that any goroutine can reach it. */
  readonly inData: boolean;
}

/** The whole picture of a program that may be stuck. */
export interface DeadlockReport {
  /** No goroutine of the program can go on, and nothing from outside (a timer, input, an event) is awaited. */
  readonly deadlock: boolean;
  /** Those that can go on by themselves: running, runnable, sleeping, waiting for input. */
  readonly canGoOn: readonly Goroutine[];
  /** Why each of the others waits, in the order of their ids. */
  readonly waits: readonly Wait[];
  /** Goroutines whose wait no chain of possible wakers ends that leads to one that can go on. */
  readonly stuck: readonly number[];
  /** Circles of goroutines that wait for each other, by id. */
  readonly circles: readonly (readonly number[])[];
}

/** How far before a lock the struct that it is a field of is looked for. */
const MAX_STRUCT_BYTES = 256;

const FOREVER = new Set(['chan receive (nil chan)', 'chan send (nil chan)', 'select (no cases)', 'panicwait']);

/** What a goroutine waits for, since when, and who could wake it. */
export function whyWaits(view: GoView, goroutine: Goroutine): Wait {
  const waiting = (goroutine.status & ~STATUS_SCAN) === STATUS.waiting;
  const targets = waiting ? waitTargets(view, goroutine) : [];
  const addresses = targets.flatMap((target) => (target.on === 'channel' ? [target.channel.address] : target.on === 'sync' ? [target.object.address] : []));
  const semaphores = targets.flatMap((target) => (target.on === 'sync' ? semaphoreOf(view, goroutine) : []));
  const searched = new Set([...addresses, ...semaphores]);
  return {
    goroutine,
    reason: goroutine.waitReason,
    at: programPlace(view, goroutine),
    since: goroutine.waitSince === 0n ? undefined : goroutine.waitSince,
    targets,
    forever: waiting && FOREVER.has(goroutine.waitReason),
    wakers: wakersOf(view, goroutine, targets, searched),
    inData: [...searched].some((address) => isInData(view, address)),
  };
}

/** A lock is mostly a field: where nobody has its own address, who has that of something shortly before it may have the struct. */
function wakersOf(view: GoView, goroutine: Goroutine, targets: readonly WaitTarget[], searched: ReadonlySet<number>): Waker[] {
  if (searched.size === 0) return [];
  const direct = wakers(view, goroutine, targets, searched);
  const [target] = targets;
  if (direct.length > 0 || target?.on !== 'sync') return direct;
  const { address } = target.object;
  const around = wordsOnStack(view, goroutine, address - MAX_STRUCT_BYTES, address);
  return around.size === 0 ? [] : wakers(view, goroutine, targets, around).map((waker) => ({ ...waker, via: 'around' }));
}

function wakers(view: GoView, goroutine: Goroutine, targets: readonly WaitTarget[], searched: ReadonlySet<number>): Waker[] {
  const found: Waker[] = [];
  for (const other of view.runtime.goroutines()) {
    if (other.address === goroutine.address) continue;
    const holder = holders(view, other, searched);
    if (holder === undefined) continue;
    const queued = targets.filter((target) => target.on === 'channel').filter(({ action, channel }) => (action === 'receive' ? channel.receivers : channel.senders).some(({ g }) => g === other.address));
    found.push({ ...holder, state: other.waitReason === '' ? other.state : other.waitReason, sameSide: queued.length > 0 });
  }
  return found.sort((a, b) => Number(a.sameSide) - Number(b.sameSide) || a.goroutine - b.goroutine);
}

function waitTargets(view: GoView, goroutine: Goroutine): WaitTarget[] {
  const { memory, go } = view;
  const { structs } = go;
  const targets: WaitTarget[] = [];
  const seen = new Set<number>();
  for (let sudog = memory.word(goroutine.address + structs.g_waiting); sudog !== 0 && !seen.has(sudog) && memory.contains(sudog, 88); sudog = memory.word(sudog + structs.sudog_waitlink)) {
    seen.add(sudog);
    // Since Go 1.26 those of semaphores are listed here as well, without a channel.
    const channel = readChannel(view, memory.word(sudog + structs.sudog_c));
    if (channel === undefined || memory.word(sudog + SUDOG.g) !== goroutine.address) continue;
    const sends = channel.senders.some(({ g }) => g === goroutine.address);
    const receives = channel.receivers.some(({ g }) => g === goroutine.address);
    if (receives) targets.push({ on: 'channel', action: 'receive', channel });
    if (sends) targets.push({ on: 'channel', action: 'send', channel });
  }
  if (targets.length > 0) return dedupe(targets);
  const object = syncObject(view, goroutine);
  if (object !== undefined) return [{ on: 'sync', object }];
  if (goroutine.waitReason === 'sleep') {
    const timer = memory.word(goroutine.address + structs.g_timer);
    const until = structs.g_sleepWhen >= 0 ? memory.u64(goroutine.address + structs.g_sleepWhen) : timer === 0 ? 0n : memory.u64(timer + structs.timer_when);
    return until === 0n ? [] : [{ on: 'timer', until }];
  }
  if (goroutine.waitReason === 'IO wait') {
    const poll = goroutineStack(view, goroutine).find(({ func }) => func.name === 'internal/poll.runtime_pollWait');
    if (poll === undefined) return [];
    return [{ on: 'io', fd: memory.word(memory.word(poll.fp) + 8), mode: memory.word(poll.fp + 8) === 0x72 ? 'read' : 'write' }];
  }
  return [];
}

/** The same channel may stand in several cases of a select. */
function dedupe(targets: readonly WaitTarget[]): WaitTarget[] {
  const seen = new Set<string>();
  return targets.filter((target) => {
    const key = target.on === 'channel' ? `${target.action} ${target.channel.address}` : '';
    return !seen.has(key) && seen.add(key);
  });
}

/** Address of the semaphore (or list) that a goroutine waits at: the first argument of the runtime function it is in. */
function semaphoreOf(view: GoView, goroutine: Goroutine): number[] {
  for (const { func, fp } of goroutineStack(view, goroutine)) {
    if (func.name === 'runtime.semacquire1' || func.name === 'sync.runtime_notifyListWait') return [view.memory.word(fp)];
  }
  return [];
}

/** What of package sync a goroutine waits at, told by the innermost method of it that is on the stack. */
function syncObject(view: GoView, goroutine: Goroutine): SyncObject | undefined {
  const [semaphore] = semaphoreOf(view, goroutine);
  if (semaphore === undefined) return undefined;
  const { memory } = view;
  for (const { call } of tracebackFrames(view, goroutine)) {
    const [, type, method] = /^(?:internal\/)?sync\.\(\*(\w+)\)\.(\w+)$/.exec(call.name) ?? [];
    if (type === 'Mutex') {
      const address = semaphore - 4;
      const state = memory.u32(address);
      const notes = [(state & 1) !== 0 ? 'locked' : 'unlocked', `${state >>> 3} waiting`, ...((state & 4) !== 0 ? ['starving'] : [])];
      return { kind: 'Mutex', address, state: notes.join(', ') };
    }
    if (type === 'RWMutex') {
      const address = semaphore - (method === 'Lock' ? 8 : 12);
      const readers = memory.i32(address + 16);
      // A writer that waits or writes has taken 2^30 off.
      const writer = readers < 0;
      return { kind: 'RWMutex', address, state: `${writer ? readers + 2 ** 30 : readers} reading or waiting to, ${writer ? 'a writer has it or waits' : 'no writer'}` };
    }
    if (type === 'WaitGroup') {
      const address = semaphore - 8;
      return { kind: 'WaitGroup', address, state: `counter ${memory.i32(address + 4)}, ${memory.u32(address) & 0x7fffffff} waiting` };
    }
    // The list of those who wait stands behind the Locker.
    if (type === 'Cond') return { kind: 'Cond', address: semaphore - 16, state: `${memory.u32(semaphore) - memory.u32(semaphore + 4)} waiting` };
  }
  return { kind: 'semaphore', address: semaphore, state: `value ${memory.u32(semaphore)}` };
}

/** Why every goroutine waits, and whether any can go on: the whole picture of "all goroutines are asleep". */
export function deadlockReport(view: GoView): DeadlockReport {
  const goroutines = view.runtime.goroutines().filter((goroutine) => !isSystemGoroutine(view, goroutine));
  const canGoOn: Goroutine[] = [];
  const waits: Wait[] = [];
  for (const goroutine of goroutines) {
    const wait = whyWaits(view, goroutine);
    // The js host asks a program that has nothing to do whether it is stuck: this one only answers.
    if (wait.forever && goroutine.start?.name === 'runtime.handleAsyncEvent') continue;
    const outside = wait.targets.some((target) => target.on === 'timer' || target.on === 'io' || (target.on === 'channel' && target.channel.timer));
    // The goroutines of js events wait without a reason; whether an event comes is up to the host.
    const event = wait.reason === '' && goroutine.start?.name === 'runtime.handleAsyncEvent';
    if (outside || event || (goroutine.status & ~STATUS_SCAN) !== STATUS.waiting) canGoOn.push(goroutine);
    else waits.push(wait);
  }
  const free = new Set(canGoOn.map(({ id }) => id));
  const useful = new Map(waits.map((wait) => [wait.goroutine.id, wait.forever ? [] : wait.wakers.filter(({ sameSide }) => !sameSide).map(({ goroutine }) => goroutine)]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [id, by] of useful) if (!free.has(id) && by.some((waker) => free.has(waker))) changed = free.add(id) !== undefined;
  }
  const stuck = waits.map(({ goroutine }) => goroutine.id).filter((id) => !free.has(id));
  return { deadlock: waits.length > 0 && canGoOn.length === 0, canGoOn, waits, stuck, circles: circles(useful, new Set(stuck)) };
}

/** Circles among the stuck ones: all pairs that wait for each other, and for who is in none of these a shortest circle. */
function circles(edges: ReadonlyMap<number, readonly number[]>, among: ReadonlySet<number>): number[][] {
  const found = new Map<string, number[]>();
  const next = (id: number): number[] => (edges.get(id) ?? []).filter((other) => among.has(other));
  const put = (circle: number[]): void => {
    const first = circle.indexOf(Math.min(...circle));
    const turned = [...circle.slice(first), ...circle.slice(0, first)];
    found.set(turned.join(' '), turned);
  };
  for (const start of among) {
    const pairs = next(start).filter((other) => next(other).includes(start));
    for (const other of pairs) put([start, other]);
    const circle = pairs.length > 0 ? undefined : shortestCircle(start, next);
    if (circle !== undefined) put(circle);
  }
  return [...found.values()].sort((a, b) => a[0]! - b[0]! || a.length - b.length || a[1]! - b[1]!);
}

function shortestCircle(start: number, next: (id: number) => number[]): number[] | undefined {
  const from = new Map<number, number>();
  const open = [start];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    for (const other of next(id)) {
      if (other === start) {
        const circle = [id];
        for (let back = id; back !== start; ) circle.unshift((back = from.get(back)!));
        return circle;
      }
      if (from.has(other)) continue;
      from.set(other, id);
      open.push(other);
    }
  }
  return undefined;
}

/** A wait in words: why, at what, and who could end it. */
export function showWait(wait: Wait): string[] {
  const { goroutine, reason, at, targets, wakers } = wait;
  const place = (call: GoCall | undefined): string => (call === undefined ? '' : ` at ${call.name} ${call.file ?? '?'}:${call.line ?? '?'}`);
  const lines = [`goroutine ${goroutine.id} [${reason === '' ? goroutine.state : reason}]${place(at)}`];
  for (const target of targets) lines.push(`  ${showTarget(target)}`);
  if (wait.forever) lines.push('  nothing can end this wait');
  for (const { goroutine: id, via, at: holder, state, sameSide } of wakers) {
    const how = { stack: 'has it on its stack', closure: 'has it in a closure', around: 'may have what it is part of' }[via];
    lines.push(`  goroutine ${id} [${state}] ${how}${place(holder)}${sameSide ? ', and waits for the same' : ''}`);
  }
  if (wait.inData) lines.push('  the data of the program refers to it: any goroutine may');
  if (targets.some(({ on }) => on === 'channel' || on === 'sync') && wakers.length === 0 && !wait.inData) lines.push('  no other goroutine has it on its stack');
  return lines;
}

function showTarget(target: WaitTarget): string {
  switch (target.on) {
    case 'channel': {
      const { channel, action } = target;
      const queue = (name: string, list: readonly { goroutine: number }[]): string => (list.length === 0 ? '' : `, ${name}: ${list.map(({ goroutine }) => goroutine).join(' ')}`);
      return `to ${action} on 0x${channel.address.toString(16)} (${showChannel(channel)}${queue('receivers', channel.receivers)}${queue('senders', channel.senders)})`;
    }
    case 'sync':
      return `at the ${target.object.kind} 0x${target.object.address.toString(16)} (${target.object.state})`;
    case 'timer':
      return `until ${target.until} ns on the program's clock`;
    case 'io':
      return `to ${target.mode} file descriptor ${target.fd}`;
  }
}

/** Where in the program a goroutine stands: the innermost call outside of the runtime and package sync. */
function programPlace(view: GoView, goroutine: Goroutine): GoCall | undefined {
  const calls = tracebackFrames(view, goroutine).map(({ call }) => call);
  return calls.find(({ name }) => !/^(runtime|sync|time|internal\/\w+)\./.test(name)) ?? calls[0];
}
