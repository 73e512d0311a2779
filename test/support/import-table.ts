/** What a folder of src/ may import from the others. Its own files are not a matter of this table. */
export interface MayImport {
  readonly values: readonly string[]
  /** Only `import type`; `'all'`: every folder. */
  readonly types: readonly string[] | 'all'
}

const GROUND = ['lib', 'errors', 'telemetry'] as const
const NOUNS = [
  'audit',
  'gateways',
  'keys',
  'prompts',
  'records',
  'resources',
  'roles',
  'roots',
  'servers',
  'tags',
  'teams',
  'tokens',
  'tools',
  'transfer',
  'users',
] as const
const noun: MayImport = { values: [...GROUND, 'mcp', 'access', 'catalog', 'api'], types: [...NOUNS, 'stdio'] }

/** Who may import whom. The table in docs/architecture.md is this table. */
export const IMPORT_TABLE: Readonly<Record<string, MayImport>> = {
  lib: { values: [], types: [] },
  config: { values: ['lib'], types: [] },
  errors: { values: ['lib'], types: [] },
  telemetry: { values: ['lib', 'errors'], types: [] },
  mcp: { values: GROUND, types: [] },
  access: { values: GROUND, types: [] },
  stdio: { values: [...GROUND, 'mcp'], types: [] },
  catalog: { values: [...GROUND, 'mcp', 'access'], types: ['stdio'] },
  api: { values: [...GROUND, 'access'], types: [] },
  ...Object.fromEntries(NOUNS.map((name) => [name, noun])),
  lenience: { values: ['lib', 'errors', 'api'], types: [] },
  declared: {
    values: [...GROUND, 'config', 'access', 'api', 'gateways', 'servers', 'tokens'],
    types: [],
  },
  backup: { values: ['lib', 'errors'], types: [] },
  upstream: { values: [...GROUND, 'mcp', 'access', 'stdio'], types: ['catalog', ...NOUNS] },
  calls: { values: [...GROUND, 'mcp', 'access', 'catalog', 'upstream'], types: [] },
  http: {
    values: [...GROUND, 'mcp', 'access', 'catalog', 'api', 'lenience', ...NOUNS, 'declared', 'upstream', 'calls'],
    types: [],
  },
  store: { values: GROUND, types: 'all' },
  supervisor: { values: GROUND, types: [] },
  bridge: { values: ['lib', 'errors', 'mcp'], types: [] },
  clients: { values: ['lib'], types: [] },
  example: { values: ['lib'], types: [] },
  cli: { values: ['lib', 'errors', 'config', 'mcp', 'bridge', 'clients', 'declared', 'example'], types: [] },
}

/** The table as docs/architecture.md shows it. */
export function importTableMarkdown(): string {
  const rows = Object.entries(IMPORT_TABLE).map(([folder, { values, types }]) => {
    const onlyTypes = types === 'all' ? 'all' : types.filter((name) => name !== folder).join(', ')
    return `| ${folder} | ${values.join(', ') || '–'} | ${onlyTypes || '–'} |`
  })
  return ['| folder | may import | and types of |', '| --- | --- | --- |', ...rows].join('\n')
}
