import type { NameMap } from '../binary/names.js';
import type { Features } from '../features.js';
import { IndexSpace } from './index-space.js';
import type { ModuleNames } from './name-section.js';
import { TypeSpace } from './types.js';

/** The names that a module's text binds, and what its instructions were found to need. */
export class ModuleScope {
  readonly features: Features;
  readonly types: TypeSpace;
  readonly funcs: IndexSpace = new IndexSpace('func');
  readonly tables: IndexSpace = new IndexSpace('table');
  readonly memories: IndexSpace = new IndexSpace('memory');
  readonly globals: IndexSpace = new IndexSpace('global');
  readonly tags: IndexSpace = new IndexSpace('tag');
  readonly elems: IndexSpace = new IndexSpace('elem');
  readonly datas: IndexSpace = new IndexSpace('data');
  /** Names by function index, then by local or label index. */
  readonly locals: Map<number, NameMap> = new Map();
  readonly labels: Map<number, NameMap> = new Map();
  /** Does an instruction name a data segment? Then a data count section must say how many there are. */
  usesData = false;

  constructor(features: Features) {
    this.features = features;
    this.types = new TypeSpace(features);
  }

  /** What the name section says; `module` is the module's own name. */
  names(module: string | undefined): ModuleNames {
    const { funcs, types, tables, memories, globals, elems, datas, tags, locals, labels } = this;
    return {
      module,
      direct: {
        func: funcs.names,
        type: types.names,
        table: tables.names,
        memory: memories.names,
        global: globals.names,
        elem: elems.names,
        data: datas.names,
        tag: tags.names,
      },
      indirect: { local: locals, label: labels, field: new Map([...types.fields].map(([index, space]) => [index, space.names])) },
    };
  }
}
