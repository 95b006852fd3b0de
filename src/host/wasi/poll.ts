import type { GuestMemory } from '../../engine/guest-memory.js';
import { errnoNumber, WasiError, type Errno } from './errno.js';
import { CLOCK, EVENT, RIGHT, SIZE, SUBCLOCK, writeEvent } from './layout.js';
import { readClock } from './process.js';
import type { Handlers, World } from './world.js';

/** How many subscriptions one call may have: more than descriptors can be open. */
const MAX_SUBSCRIPTIONS = 1 << 17;

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  /** The answer that is known without waiting. */
  readonly now?: { readonly error: Errno | undefined; readonly bytes: bigint };
  /** When it is due, in nanoseconds of the monotonic clock. */
  readonly due?: bigint;
}

export const pollCalls: Handlers<'poll_oneoff'> = {
  /**
   * Files and streams are always ready: a read of the standard input that has to wait does so itself. So the call
   * waits only if all subscriptions are clocks, until the first is due.
   */
  poll_oneoff: (world, args, memory) => {
    const count = args.u32(2);
    const out = args.u32(1);
    if (count === 0 || count > MAX_SUBSCRIPTIONS) throw new WasiError('EINVAL');
    if (!memory.contains(args.u32(0), count * SIZE.subscription) || !memory.contains(out, count * SIZE.event)) {
      throw new WasiError('EFAULT');
    }
    const start = world.clock.monotonic();
    const subscriptions: Subscription[] = [];
    for (let i = 0; i < count; i++) subscriptions.push(readSubscription(world, memory, args.u32(0) + i * SIZE.subscription, start));

    if (!subscriptions.some(({ now }) => now !== undefined)) {
      const first = subscriptions.reduce((least, { due }) => (due! < least ? due! : least), subscriptions[0]!.due!);
      if (first > start) world.clock.sleep(first - start);
    }
    const end = world.clock.monotonic();
    let events = 0;
    for (const { userdata, type, now, due } of subscriptions) {
      if (due !== undefined && due > end) continue;
      const error = now?.error === undefined ? 0 : errnoNumber(now.error);
      writeEvent(memory, out + events++ * SIZE.event, { userdata, error, type, bytes: now?.bytes ?? 0n });
    }
    memory.setU32(args.u32(3), events);
  },
};

function readSubscription(world: World, memory: GuestMemory, at: number, start: bigint): Subscription {
  const userdata = memory.u64(at);
  const type = memory.u8(at + 8);
  if (type === EVENT.fd_read || type === EVENT.fd_write) {
    return { userdata, type, now: readiness(world, memory.u32(at + 16), type) };
  }
  if (type !== EVENT.clock) throw new WasiError('EINVAL');
  const id = memory.u32(at + 16);
  if (id !== CLOCK.realtime && id !== CLOCK.monotonic) return { userdata, type, now: { error: 'EINVAL', bytes: 0n } };
  const timeout = memory.u64(at + 24);
  const absolute = (memory.u16(at + 40) & SUBCLOCK.abstime) !== 0;
  return { userdata, type, due: start + (absolute ? timeout - readClock(world.clock, id) : timeout) };
}

function readiness({ fds, streams }: World, fd: number, type: number): { error: Errno | undefined; bytes: bigint } {
  try {
    const entry = fds.get(fd, RIGHT.poll_fd_readwrite);
    if (entry.kind === 'dir') return { error: 'EBADF', bytes: 0n };
    if (entry.kind === 'stream') {
      const wrong = (entry.stream === 0) !== (type === EVENT.fd_read) && !streams.isTerminal(entry.stream);
      return { error: wrong ? 'EBADF' : undefined, bytes: 1n };
    }
    const left = fds.tree(entry).fstat(entry.handle).size - entry.position;
    return { error: undefined, bytes: type === EVENT.fd_read ? BigInt(Math.max(left, 0)) : 1n };
  } catch (error) {
    if (error instanceof WasiError) return { error: error.code, bytes: 0n };
    throw error;
  }
}
