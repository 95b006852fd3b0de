import type { Features } from '../features.js';
import { IndexSpace } from './index-space.js';
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
  readonly locals: Map<number, ReadonlyMap<number, string>> = new Map();
  readonly labels: Map<number, ReadonlyMap<number, string>> = new Map();
  /** Does an instruction name a data segment? Then a data count section must say how many there are. */
  usesData = false;

  constructor(features: Features) {
    this.features = features;
    this.types = new TypeSpace(features);
  }
}
