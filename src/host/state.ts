/** Plain data: what the state of a host is made of, so that it can be written to a file and compared. */
export type Data = null | boolean | number | bigint | string | Uint8Array | readonly Data[] | { readonly [key: string]: Data };

/** A part of the host that remembers something between two calls of the guest. */
export interface HostState {
  /** A copy of the state. Only meaningful while `live` is empty. */
  save(): Data;
  /** Takes on a state that `save` gave, perhaps in another process. Throws `StateError` where the world has changed too much. */
  load(state: Data): void;
  /** What of the outside world is in use, in words for a person: a snapshot is impossible unless this is empty. */
  live(): string[];
}

/** A saved state does not fit the world in which it is to go on. The message is for a person. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** Joins parts to one state; `load` expects the same parts under the same names. */
export function joinStates(parts: Readonly<Record<string, HostState>>): HostState {
  return {
    save: () => Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.save()])),
    load: (state) => {
      const saved = state as Readonly<Record<string, Data>>;
      for (const [name, part] of Object.entries(parts)) {
        if (!(name in saved)) throw new StateError(`the saved state of the host lacks '${name}'`);
        part.load(saved[name]!);
      }
    },
    live: () => Object.values(parts).flatMap((part) => part.live()),
  };
}
