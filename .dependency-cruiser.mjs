/**
 * The layers of src/ as rules: imports run downwards only. `LAYERS` goes from the language up to the faces; a folder
 * (or file) may import its own kind and what stands in an earlier row, never a later row and never a neighbour.
 * src/README.md says what each layer is. Cycles between files are the business of oxlint's import/no-cycle.
 */
const LAYERS = [
  ['wasm'],
  ['engine'],
  ['go'],
  ['host'],
  ['program'],
  ['js-api'],
  ['replay'],
  ['debug', 'trace', 'profile', 'script'],
  ['cli', 'dap', 'gdb', 'web'],
];

const folder = (name) => `^src/${name}/`;

const downwards = LAYERS.flatMap((row, level) =>
  row.map((name) => ({
    name: `layer-${name}`,
    comment: `src/${name} may import only the layers below it`,
    severity: 'error',
    from: { path: folder(name) },
    to: { path: ['^src/'], pathNot: [folder(name), ...LAYERS.slice(0, level).flat().map(folder)] },
  })),
);

/** Where Node's own modules may be imported; everything else runs in a browser too. */
const NODE_PLACES = ['^src/cli/', '^src/host/node/', '^src/node\\.ts$', '^src/(dap|gdb)/transport'];

/** Unit tests stand next to the code and may reach for anything; npm packages beside yargs are theirs alone. */
const TESTS = '\\.test\\.ts$';

export default {
  forbidden: [
    ...downwards.map((rule) => ({ ...rule, from: { ...rule.from, pathNot: TESTS } })),
    {
      name: 'gojs-knows-only-the-abi',
      comment: 'what Go means is the business of src/go; the js host needs its calling convention and nothing else',
      severity: 'error',
      from: { path: '^src/host/', pathNot: TESTS },
      to: { path: '^src/go/', pathNot: '^src/go/abi(\\.ts|/)' },
    },
    {
      name: 'only-gojs-knows-go',
      comment: 'the rest of the host serves any module',
      severity: 'error',
      from: { path: '^src/host/', pathNot: ['^src/host/gojs/', TESTS] },
      to: { path: '^src/go/' },
    },
    {
      name: 'host-node-is-for-node',
      comment: 'only the faces that run on Node and the entry point retunwind/node take the Node part of the host',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(cli|dap|gdb)/', '^src/host/node/', '^src/node\\.ts$', TESTS] },
      to: { path: '^src/host/node/' },
    },
    {
      name: 'node-modules-stay-at-the-edge',
      comment: 'the machine runs in a browser',
      severity: 'error',
      from: { path: '^src/', pathNot: [...NODE_PLACES, TESTS] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'packages-stay-in-the-cli',
      comment: 'the library has no run-time dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/', TESTS] },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-packages',
      comment: 'what ships must be installed with it',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'nothing-imports-the-entry-points',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { path: '^src/(index|node)\\.ts$' },
    },
    { name: 'no-unresolved', severity: 'error', from: { path: '^(src|spec-tests|bench|tools)/' }, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      comment: 'code that nothing imports is dead',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: ['^src/(index|node)\\.ts$', '^src/cli/[^/]+\\.ts$', TESTS] },
      to: {},
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'], mainFields: ['module', 'main', 'types'] },
  },
};
