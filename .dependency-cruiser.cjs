// The one-way rule: a folder imports only from the folders to its left.
//   events, errors <- contracts <- linux, formats <- watching, brokers <- operators | sources | sinks <- pipeline <- cli
// testing/ is for users' tests: it may look at everything below the pipeline, and nothing imports it.
const below = {
  events: [],
  errors: [],
  contracts: ['events', 'errors'],
  linux: ['events', 'errors', 'contracts'],
  formats: ['events', 'errors', 'contracts'],
  watching: ['events', 'errors', 'contracts', 'linux', 'formats'],
  brokers: ['events', 'errors', 'contracts', 'formats'],
  operators: ['events', 'errors', 'contracts', 'linux', 'formats', 'watching'],
  sources: ['events', 'errors', 'contracts', 'linux', 'formats', 'watching', 'brokers'],
  sinks: ['events', 'errors', 'contracts', 'linux', 'formats', 'watching', 'brokers'],
  pipeline: [
    'events',
    'errors',
    'contracts',
    'linux',
    'formats',
    'watching',
    'brokers',
    'operators',
    'sources',
    'sinks',
  ],
  cli: [
    'events',
    'errors',
    'contracts',
    'linux',
    'formats',
    'watching',
    'brokers',
    'operators',
    'sources',
    'sinks',
    'pipeline',
  ],
  testing: [
    'events',
    'errors',
    'contracts',
    'linux',
    'formats',
    'watching',
    'brokers',
    'operators',
    'sources',
    'sinks',
  ],
}

const oneWay = Object.entries(below).map(([folder, allowed]) => ({
  name: `one-way-${folder}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-imports-index',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'operators-have-no-io',
      severity: 'error',
      from: { path: '^src/operators/' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/(rxjs|@types)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.build.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
