import { showChannel } from '../../../go/channels.js';
import type { GoView } from '../../../go/view.js';
import type { Wait, WaitTarget } from '../../../go/waits.js';
import { showCall } from './console.js';

/** Why a goroutine waits, in lines. */
export function showWait(view: GoView, { goroutine, reason, at, since, targets, forever, wakers, inData }: Wait): string[] {
  if (reason === '') return [`goroutine ${goroutine.id} does not wait: it is ${goroutine.state}${at === undefined ? '' : `, at ${showCall(at)}`}`];
  const waited = since === undefined || view.nanotime === undefined ? undefined : Number(view.nanotime() - since);
  const lines = [`goroutine ${goroutine.id} waits: ${reason}${at === undefined ? '' : `, at ${showCall(at)}`}${waited === undefined || waited <= 0 ? '' : `, for ${(waited / 1e6).toFixed(1)} ms at least`}`];
  for (const target of targets) lines.push(`  ${showTarget(target)}`);
  if (forever) lines.push('  nothing can end this wait');
  for (const waker of wakers) {
    const note = waker.sameSide ? ', but it waits for the same' : '';
    lines.push(`  goroutine ${waker.goroutine} [${waker.state}] holds it${note}`);
  }
  if (!forever && targets.some(({ on }) => on === 'channel' || on === 'sync') && wakers.every(({ sameSide }) => sameSide)) {
    lines.push(inData ? '  no other stack holds it, but a variable of the program does: any goroutine may reach it' : '  no other goroutine\'s stack holds it: as far as can be seen, nobody can wake it');
  }
  return lines;
}

function showTarget(target: WaitTarget): string {
  switch (target.on) {
    case 'channel': {
      const { channel, action } = target;
      const queue = (side: string, list: readonly { readonly goroutine: number }[]): string => (list.length === 0 ? '' : `; ${side}: ${list.map(({ goroutine }) => `goroutine ${goroutine}`).join(', ')}`);
      return `to ${action === 'send' ? 'send on' : 'receive from'} the channel at 0x${channel.address.toString(16)}: ${showChannel(channel)}${queue('receivers', channel.receivers)}${queue('senders', channel.senders)}`;
    }
    case 'sync':
      return `at the ${target.object.kind} at 0x${target.object.address.toString(16)}: ${target.object.state}`;
    case 'timer':
      return `for a timer, at ${target.until} ns`;
    case 'io':
      return `to ${target.mode} file ${target.fd}`;
  }
}
