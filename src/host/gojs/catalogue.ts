/** A property as it was when the catalogue was made. */
type Properties = ReadonlyMap<PropertyKey, PropertyDescriptor>;

/**
 * The objects that every realm of ours starts with, each under a name that leads to it, so that state which refers to one
 * can be taken to another realm: `globalThis.fs`, `globalThis.Object.prototype`. And how they were, to see what a program
 * has changed.
 */
export class Catalogue {
  private readonly names = new Map<object, string>();
  private readonly objects = new Map<string, object>();
  private readonly properties = new Map<object, Properties>();
  private readonly shapes = new Map<object, { readonly prototype: object | null; readonly extensible: boolean }>();

  /** To be made before the program runs. `roots`: where to start, by name. */
  constructor(roots: Readonly<Record<string, object>>) {
    // One root after the other, so that the first gives the names to what several lead to.
    for (const [name, object] of Object.entries(roots)) this.add(object, name);
  }

  private add(root: object, rootName: string): void {
    const queue: [object, string][] = [[root, rootName]];
    for (const [object, name] of queue) {
      if (this.names.has(object)) continue;
      this.names.set(object, name);
      this.objects.set(name, object);
      const properties = propertiesOf(object);
      const prototype = Reflect.getPrototypeOf(object);
      this.properties.set(object, properties);
      this.shapes.set(object, { prototype, extensible: Reflect.isExtensible(object) });
      const visit = (value: unknown, step: string): void => {
        if (isObject(value)) queue.push([value, `${name}${step}`]);
      };
      for (const [key, { value, get, set }] of properties) {
        const step = typeof key === 'symbol' ? `[${String(key)}]` : `.${String(key)}`;
        visit(value, step);
        visit(get, `${step}.get()`);
        visit(set, `${step}.set()`);
      }
      visit(prototype, '.__proto__');
    }
  }

  /** Undefined for an object that the program has made. */
  nameOf(object: object): string | undefined {
    return this.names.get(object);
  }
  named(name: string): object | undefined {
    return this.objects.get(name);
  }
  has(value: unknown): boolean {
    return isObject(value) && this.names.has(value);
  }

  /** What is different now, beside the state of `go` itself: the object, and each property with its descriptor, undefined if it is gone. */
  changes(): [object, [PropertyKey, PropertyDescriptor | undefined][]][] {
    const changes: [object, [PropertyKey, PropertyDescriptor | undefined][]][] = [];
    for (const [object, before] of this.properties) {
      if (object === this.objects.get('go')) continue;
      const now = propertiesOf(object);
      const different: [PropertyKey, PropertyDescriptor | undefined][] = [];
      for (const [key, descriptor] of now) if (!same(before.get(key), descriptor)) different.push([key, descriptor]);
      for (const key of before.keys()) if (!now.has(key)) different.push([key, undefined]);
      if (different.length > 0) changes.push([object, different]);
    }
    return changes;
  }

  /** The objects that got another prototype, or can take no more properties. */
  bent(): string[] {
    const bent: string[] = [];
    for (const [object, { prototype, extensible }] of this.shapes) {
      if (Reflect.getPrototypeOf(object) !== prototype || Reflect.isExtensible(object) !== extensible) bent.push(this.names.get(object)!);
    }
    return bent;
  }
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function propertiesOf(object: object): Map<PropertyKey, PropertyDescriptor> {
  return new Map(Reflect.ownKeys(object).map((key) => [key, Reflect.getOwnPropertyDescriptor(object, key)!]));
}

function same(a: PropertyDescriptor | undefined, b: PropertyDescriptor): boolean {
  return (
    a !== undefined &&
    Object.is(a.value, b.value) &&
    a.get === b.get &&
    a.set === b.set &&
    a.writable === b.writable &&
    a.enumerable === b.enumerable &&
    a.configurable === b.configurable
  );
}
