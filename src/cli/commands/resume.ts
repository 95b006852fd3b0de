import { loadModule } from '../../program/load.js';
import { WASM_3, withFeatures } from '../../wasm/features.js';
import type { Command } from '../command.js';
import { EXIT, Refusal } from '../errors.js';
import { GUEST_OPTIONS, type GuestSettings } from '../guest-options.js';
import { makeGuest, runGuest, Stats } from '../guest.js';
import { onlyFile } from '../one-file.js';
import { choice, wholeNumber } from '../option-values.js';
import { readSnapshot } from '../snapshot-file.js';

export const resume: Command = {
  name: 'resume',
  summary: 'Go on from a snapshot that run --snapshot-at wrote',
  usage: '[options] FILE',
  usageCode: 125,
  guestWords: false,
  options: {
    'max-instructions': GUEST_OPTIONS['max-instructions']!,
    tier: GUEST_OPTIONS['tier']!,
    trampoline: GUEST_OPTIONS['trampoline']!,
    stats: GUEST_OPTIONS['stats']!,
  },
  examples: [['retunwind resume app.snapshot', 'in any process, on any machine']],
  async run(args) {
    const path = onlyFile(args, EXIT.refused);
    const file = readSnapshot(path);
    const saved = JSON.parse(file.settings) as GuestSettings;
    const settings: GuestSettings = {
      ...saved,
      maxInstructions: wholeNumber(args, 'max-instructions', 1) ?? saved.maxInstructions,
      tier: choice(args, 'tier', ['auto', 'interp', 'compiled'], saved.tier),
      trampoline: choice(args, 'trampoline', ['module', 'host'], saved.trampoline),
      stats: args.options['stats'] === true,
    };
    const stats = new Stats(settings.stats);
    stats.hostCalls = file.hostCalls;
    const guest = makeGuest(settings, file.words, stats.decoding(() => loadModule(file.module, withFeatures(WASM_3, ...settings.features))), stats);
    try {
      guest.program.load(file.state);
    } catch (error) {
      throw new Refusal(`${path} is damaged: ${(error as Error).message}`);
    }
    return runGuest(guest);
  },
};
