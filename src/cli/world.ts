import { basename, posix } from 'node:path';
import { FsError } from '../host/fs.js';
import type { Identity } from '../host/gojs/furnish.js';
import { Mask } from '../host/mask.js';
import { MountFs } from '../host/mount-fs.js';
import { NodeLateInput } from '../host/node/late-input.js';
import { NodeFs } from '../host/node/node-fs.js';
import { NodeStreams } from '../host/node/node-streams.js';
import { RealClock } from '../host/node/real-clock.js';
import { RealRandom } from '../host/node/real-random.js';
import { freshRealm, nodeRealm } from '../host/node/realm.js';
import { WholeInput } from '../host/node/whole-input.js';
import type { World } from '../program/program.js';
import { Refusal } from './errors.js';
import type { GuestSettings, Preopen } from './guest-options.js';

export type WorldSettings = Pick<GuestSettings, 'dirs' | 'env' | 'clock' | 'seed' | 'hostGlobals'>;

/** What of this process and its machine a guest gets to see. `words`: the module's path and the guest's arguments. */
export function nodeWorld(settings: WorldSettings, words: readonly string[], goJs: boolean): World {
  const virtual = settings.clock === 'virtual';
  if (virtual && settings.hostGlobals) throw new Refusal("--host-globals needs --clock real: Node's own timers know no virtual time");
  const mask = virtual ? new Mask() : undefined;
  const folders = settings.dirs.map((dir) => ({ guest: dir.guest, fs: openFolder(dir, mask) }));
  const [path, ...args] = words;
  return {
    args: [virtual ? basename(path!) : path!, ...args],
    env: settings.env,
    // Terminals and how input arrives differ from run to run.
    streams: virtual ? new NodeStreams(new WholeInput(), false) : new NodeStreams(),
    clock: virtual ? 'virtual' : new RealClock(),
    random: settings.seed ?? new RealRandom(),
    preopens: folders.map(({ guest, fs }) => ({ name: guest, fs })),
    ...(goJs && {
      js: {
        realm: settings.hostGlobals ? nodeRealm() : freshRealm(),
        fs: new MountFs(folders.map(({ guest, fs }) => ({ at: posix.resolve('/', guest), fs }))),
        ...(!virtual && { identity: identity(), input: new NodeLateInput() }),
      },
    }),
  };
}

/** This process, as a guest in the real world may see it. */
export function identity(): Identity {
  return { pid: process.pid, ppid: process.ppid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function openFolder({ host, guest }: Preopen, mask: Mask | undefined): NodeFs {
  try {
    return new NodeFs(host, mask);
  } catch (error) {
    if (error instanceof FsError) throw new Refusal(`--dir ${host}${guest === host ? '' : `::${guest}`}: ${error.code === 'ENOTDIR' ? 'not a folder' : error.code === 'ENOENT' ? 'there is no such folder' : error.code}`);
    throw error;
  }
}
