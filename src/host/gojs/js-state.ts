import type { Data, HostState } from '../state.js';
import type { Catalogue } from './catalogue.js';
import type { Callback, EventQueue, Timer } from './events.js';
import type { Files } from './files.js';
import type { Screen } from './furnish.js';
import { type GraphContext, GraphReader, GraphWriter, type Property } from './graph.js';
import type { GoObject, PendingEvent } from './inside/intrinsics.js';
import type { ObjectClass } from './realm.js';
import type { ScriptWatch } from './script-watch.js';
import { PREDEFINED_IDS, type ValueTable } from './values.js';

/** What of a program's JavaScript world can change. */
export interface JsParts {
  readonly go: GoObject;
  readonly catalogue: Catalogue;
  readonly classOf: (value: object) => ObjectClass;
  /** The JavaScript functions that stand for Go functions. */
  readonly wrappers: WeakMap<object, number>;
  readonly watch: ScriptWatch;
  readonly values: ValueTable;
  readonly events: EventQueue;
  readonly files: Files;
  readonly screen: Screen;
}

interface SavedCallback {
  readonly callback: Data;
  readonly self: Data;
  readonly args: readonly Data[];
}
type SavedTimer = { readonly id: number; readonly due: bigint; readonly order: number; readonly every?: bigint | null } & Partial<SavedCallback>;

interface Saved {
  readonly values: readonly Data[];
  readonly counts: readonly number[];
  readonly free: readonly number[];
  readonly timers: readonly SavedTimer[];
  readonly completions: readonly SavedCallback[];
  readonly nextId: number;
  readonly order: number;
  /** `_pendingEvent`. */
  readonly event: Data;
  /** What is different about the objects of the catalogue; a property alone is gone. */
  readonly changes: readonly (readonly [name: string, properties: readonly (readonly [Data] | Property)[]])[];
  /** The objects of the graph, to which everything above refers. */
  readonly nodes: Data;
  readonly watch: Pick<ScriptWatch, 'compiled' | 'changed' | 'adorned'>;
  readonly files: Data;
  readonly screen: Data;
}

/** The JavaScript world of a program as data: what Go holds, what waits, and what has become of the realm. */
export class JsState implements HostState {
  private readonly parts: JsParts;

  constructor(parts: JsParts) {
    this.parts = parts;
  }

  private get context(): GraphContext {
    const { catalogue, classOf, watch, wrappers, go } = this.parts;
    return {
      catalogue,
      classOf,
      bareViews: !watch.adorned,
      goFunction: (value) => wrappers.get(value),
      wrap: (id) => go._makeFuncWrapper(id),
    };
  }

  private write(): { readonly saved: Saved; readonly foreign: readonly string[] } {
    const { catalogue, watch, values, events, go, files, screen } = this.parts;
    const writer = new GraphWriter(this.context);
    const callback = (from: Callback, what: string): SavedCallback => ({
      callback: writer.write(from.callback, what),
      self: writer.write(from.self, what),
      args: from.args.map((arg) => writer.write(arg, what)),
    });
    const timer = (from: Timer): SavedTimer => {
      const { id, due, order } = from;
      return from.kind === 'go' ? { id, due, order } : { id, due, order, every: from.every ?? null, ...callback(from, `timer ${id}`) };
    };
    const change = (name: string, [key, now]: [PropertyKey, PropertyDescriptor | undefined]): readonly [Data] | Property =>
      now === undefined ? [writer.write(key, name)] : writer.writeProperty(key, now, `${name}.${String(key)}`);
    const saved: Saved = {
      values: values.values.slice(PREDEFINED_IDS).map((value, i) => writer.write(value, `JavaScript value #${PREDEFINED_IDS + i}`)),
      counts: values.counts.slice(PREDEFINED_IDS),
      free: [...values.free],
      timers: events.timers.map(timer),
      completions: events.completions.map((done) => callback(done, 'a pending callback')),
      nextId: events.nextId,
      order: events.order,
      event: writer.write(go._pendingEvent, 'the pending event'),
      changes: (watch.changed ? catalogue.changes() : []).map(([object, properties]) => {
        const name = catalogue.nameOf(object)!;
        return [name, properties.map((property) => change(name, property))];
      }),
      nodes: writer.data(),
      watch: { compiled: watch.compiled, changed: watch.changed, adorned: watch.adorned },
      files: files.save(),
      screen: screen.save(),
    };
    return { saved, foreign: writer.foreign };
  }

  save(): Data {
    return this.write().saved as unknown as Data;
  }

  load(state: Data): void {
    const { catalogue, watch, values, events, go, files, screen } = this.parts;
    const saved = state as unknown as Saved;
    const reader = new GraphReader(this.context, saved.nodes);
    const callback = (from: SavedCallback): Callback => ({
      callback: reader.read(from.callback) as object,
      self: reader.read(from.self),
      args: from.args.map((arg) => reader.read(arg)),
    });
    const timer = ({ id, due, order, every, ...from }: SavedTimer): Timer =>
      from.callback === undefined ? { kind: 'go', id, due, order } : { kind: 'js', id, due, order, every: every ?? undefined, ...callback(from as SavedCallback) };
    values.reset(
      saved.values.map((value) => reader.read(value)),
      saved.counts,
      saved.free,
    );
    events.timers = saved.timers.map(timer);
    events.completions = saved.completions.map(callback);
    events.nextId = saved.nextId;
    events.order = saved.order;
    go._pendingEvent = reader.read(saved.event) as PendingEvent | null;
    for (const [name, properties] of saved.changes) {
      const object = catalogue.named(name)!;
      for (const property of properties) {
        if (property.length === 1) Reflect.deleteProperty(object, reader.read(property[0]) as PropertyKey);
        else reader.define(object, property);
      }
    }
    Object.assign(watch, saved.watch);
    files.load(saved.files);
    screen.load(saved.screen);
  }

  live(): string[] {
    const { catalogue, watch } = this.parts;
    const bent = watch.changed ? catalogue.bent() : [];
    const live = [...bent.map((name) => `${name} has another prototype or is sealed`), ...this.write().foreign];
    if (watch.jobs) live.push('promise jobs of JavaScript may be waiting');
    return live;
  }
}
