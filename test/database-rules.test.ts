import { globSync, readFileSync } from 'node:fs'
import { parseSync, Visitor, type Argument, type Expression } from 'oxc-parser'
import { describe, expect, test } from 'vitest'
import { sessionFaults } from './support/session-rules.ts'
import { sources, type Source } from './support/sources.ts'

/** Only these have a connection of their own, outside the pool, each for as long as it says. */
const OWN_CONNECTIONS: Readonly<Record<string, string>> = {
  'src/store/listen.ts': 'the one that hears changes',
  'src/store/wait-for-database.ts': 'migrations and restore, before and beside any worker',
  'src/store/archive-dump.ts': 'a backup, by a command',
  'src/store/examine-client.ts': 'doctor',
  'src/store/place.ts': 'reads the settings of one, connects none',
}

/** What may be asked of the driver when a connection is made. Whatever else it knows it might send as a start-up parameter. */
const CONNECTION_SETTINGS = ['connectionString', 'keepAlive', 'types', 'connectionTimeoutMillis', 'pipeline']
const POOL_SETTINGS = ['max', 'connectionTimeoutMillis', 'idleTimeoutMillis', 'Client']
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  Client: CONNECTION_SETTINGS,
  PlainClient: CONNECTION_SETTINGS,
  PooledClient: CONNECTION_SETTINGS,
  super: CONNECTION_SETTINGS,
  Pool: POOL_SETTINGS,
}
/** Whose result may be spread into them: it is built by the same rule. */
const SPREAD = ['clientConfig', 'config']

/** Parts of the store that hand out connections; nobody else may know them. */
const HANDS_OUT = ['client', 'connection', 'pool', 'write', 'examine-client', 'wait-for-database', 'dialect']

/** LISTEN is for the direct URL: the supervisor's, and doctor's question whether it is heard there. */
const MAY_LISTEN = ['src/store/listen.ts', 'src/store/examine-pooler.ts']

type Read = Pick<Source, 'path' | 'text'>

const inStore = (path: string): boolean => path.startsWith('src/store/')

/** Every way in which a file could hold on to a connection of the server. */
function faultsOf(source: Read): string[] {
  const { program } = parseSync(source.path, source.text)
  const faults: string[] = []
  const borrows = { all: 0, used: 0 }
  new Visitor({
    Literal: ({ value }) => {
      if (typeof value === 'string') faults.push(...textFaults(source.path, value))
    },
    TemplateLiteral: (node) => {
      const parts = node.quasis.map(({ value }, n) => value.cooked + placeholder(node.expressions[n]))
      faults.push(...textFaults(source.path, parts.join('')))
    },
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'Identifier') faults.push(...constructionFaults(source.path, callee.name, given))
    },
    CallExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'Super' && inStore(source.path)) faults.push(...settingFaults('super', given))
      if (callee.type === 'Identifier' && callee.name === 'clientConfig' && !inStore(source.path))
        faults.push('settings of a connection, outside src/store')
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
      if (callee.property.name === 'borrow') borrows.all++
      if (callee.property.name === 'query' && given[0]?.type === 'ObjectExpression')
        faults.push('a query given as an object: it could have a name')
    },
    VariableDeclaration: ({ kind, declarations }) => {
      if (kind === 'using') borrows.used += declarations.filter(({ init }) => isBorrow(init)).length
    },
    ReturnStatement: ({ argument }) => {
      // The settings of every connection, and what it names when it starts.
      if (source.path === 'src/store/client.ts' && argument?.type === 'ObjectExpression')
        faults.push(...keysBeyond(argument, [...CONNECTION_SETTINGS, 'user', 'database', 'application_name']))
    },
  }).visit(program)
  if (borrows.all > borrows.used && source.path !== 'src/store/write.ts')
    faults.push('a connection that is borrowed without `using`')
  return [...faults, ...importFaults(source)]
}

function textFaults(path: string, text: string): string[] {
  const found = sessionFaults(text)
  return MAY_LISTEN.includes(path) ? found.filter((rule) => !rule.startsWith('LISTEN')) : found
}

function placeholder(expression: Expression | undefined): string {
  if (expression === undefined) return ''
  return `«${expression.type === 'Identifier' ? expression.name : ''}»`
}

function constructionFaults(path: string, name: string, given: readonly Argument[]): string[] {
  if (SETTINGS[name] === undefined || !pgLike(name)) return []
  const allowed = name === 'Pool' ? ['src/store/pool.ts'] : Object.keys(OWN_CONNECTIONS)
  const place = allowed.includes(path) ? [] : [`a connection of its own (new ${name})`]
  return [...place, ...settingFaults(name, given)]
}

const pgLike = (name: string): boolean => name !== 'super'

function settingFaults(name: string, [settings]: readonly Argument[]): string[] {
  if (settings?.type !== 'ObjectExpression') return []
  return keysBeyond(settings, SETTINGS[name] ?? [])
}

function keysBeyond({ properties }: Extract<Expression, { type: 'ObjectExpression' }>, allowed: readonly string[]) {
  return properties.flatMap((property) => {
    if (property.type === 'SpreadElement')
      return SPREAD.includes(nameOf(property.argument)) ? [] : ['settings of a connection that nobody can read here']
    const key = property.key.type === 'Identifier' && !property.computed ? property.key.name : '(computed)'
    return allowed.includes(key) ? [] : [`the setting ${key} of a connection`]
  })
}

function nameOf(expression: Expression): string {
  if (expression.type === 'Identifier') return expression.name
  return expression.type === 'CallExpression' ? nameOf(expression.callee) : ''
}

function isBorrow(init: Expression | null): boolean {
  const call = init?.type === 'AwaitExpression' ? init.argument : init
  return (
    call?.type === 'CallExpression' &&
    call.callee.type === 'MemberExpression' &&
    call.callee.property.type === 'Identifier' &&
    call.callee.property.name === 'borrow'
  )
}

function importFaults({ path, text }: Read): string[] {
  if (inStore(path)) return []
  const { module } = parseSync(path, text)
  const froms = module.staticImports.map(({ moduleRequest }) => moduleRequest.value)
  const outside = froms.filter((from) => from === 'pg' || HANDS_OUT.some((name) => from === `#/store/${name}.ts`))
  return outside.map((from) => `${from} outside src/store`)
}

describe('no file holds a connection or leaves anything behind on one', () => {
  const product = sources('src/**/*.ts').filter(({ path }) => !path.endsWith('.test.ts'))

  test.each(product)('$path', (source) => {
    expect(faultsOf(source)).toEqual([])
  })

  test.each(globSync('sql/*.sql'))('%s', (path) => {
    const statements = readFileSync(path, 'utf8').replaceAll(/--.*$/gm, '')
    expect(sessionFaults(statements)).toEqual([])
  })

  test('whoever has a connection of its own still does', () => {
    const makers = product.filter(({ text }) => /new PlainClient\(/.test(text)).map(({ path }) => path)
    expect(makers.toSorted()).toEqual(Object.keys(OWN_CONNECTIONS).toSorted())
  })

  test('who listens is given the direct URL', () => {
    const listening = product.filter(({ text, imports }) =>
      imports.some(({ from, values }) => from === '#/store/listen.ts' && values.includes('listen') && text !== ''),
    )
    expect(listening.map(({ path }) => path)).toEqual(['src/machine.ts'])
    const { text = '' } = listening[0] ?? {}
    expect(text).toContain('const directUrl = config.database.directUrl ?? url')
    expect([...text.matchAll(/\blisten\(\{\s*url: (\w+)/g)].map(([, url]) => url)).toEqual(['directUrl'])
  })
})

describe('the test itself sees each of them', () => {
  const STORE = 'src/store/example.ts'
  test.each([
    [STORE, 'const a = `SET statement_timeout = 5`', 'SET without LOCAL'],
    [STORE, 'const a = `${SOURCE}SET search_path = x`', 'SET without LOCAL'],
    [STORE, "const a = 'BEGIN; SET lock_timeout = 1; COMMIT'", 'SET without LOCAL'],
    [STORE, "const a = `/*source='x'*/ SET SESSION lock_timeout = 1`", 'SET without LOCAL'],
    [STORE, 'const a = `RESET ALL`', 'RESET'],
    [STORE, "const a = `SELECT set_config('work_mem', '1MB', false)`", 'set_config for the session'],
    [STORE, 'const a = `SELECT pg_advisory_lock(1)`', 'a session advisory lock'],
    [STORE, 'const a = `SELECT pg_try_advisory_lock(${n})`', 'a session advisory lock'],
    [STORE, 'const a = `SELECT pg_advisory_unlock_all()`', 'a session advisory lock'],
    [STORE, 'const a = `PREPARE p AS SELECT 1`', 'a named statement'],
    [STORE, 'const a = `SELECT 1; EXECUTE p`', 'a named statement'],
    [STORE, 'const a = `DISCARD ALL`', 'DISCARD, which is for whoever owns the session'],
    [STORE, 'const a = `CREATE TEMP TABLE t (a int)`', 'a table of the session'],
    [STORE, 'const a = `DECLARE c CURSOR WITH HOLD FOR SELECT 1`', 'a cursor that outlives its transaction'],
    [STORE, "const a = `/*source='x'*/ LISTEN ${CHANNEL}`", 'LISTEN, which needs a connection of its own'],
    ['src/calls/a.ts', 'const a = `LISTEN x`', 'LISTEN, which needs a connection of its own'],
    [STORE, "await client.query({ name: 'p', text })", 'a query given as an object: it could have a name'],
    [STORE, 'const pool = new Pool({ max: 1 })', 'a connection of its own (new Pool)'],
    [STORE, 'const client = new Client({ connectionString })', 'a connection of its own (new Client)'],
    [STORE, 'const client = new PlainClient(url)', 'a connection of its own (new PlainClient)'],
    [
      'src/store/pool.ts',
      'new Pool({ ...clientConfig(url), statement_timeout: 5 })',
      'the setting statement_timeout of a connection',
    ],
    ['src/store/listen.ts', "new PlainClient({ options: '-c geqo=off' })", 'the setting options of a connection'],
    ['src/store/listen.ts', 'new PlainClient({ ...others })', 'settings of a connection that nobody can read here'],
    [
      'src/store/pool.ts',
      'class C extends P { constructor() { super({ lock_timeout: 5 }) } }',
      'the setting lock_timeout of a connection',
    ],
    ['src/store/client.ts', "function c() { return { user, options: '' } }", 'the setting options of a connection'],
    [STORE, "const connection = await pool.borrow('a')", 'a connection that is borrowed without `using`'],
    ['src/http/a.ts', "import { Pool } from 'pg'", 'pg outside src/store'],
    ['src/tools/a.ts', "import { ConnectionPool } from '#/store/pool.ts'", '#/store/pool.ts outside src/store'],
    ['src/tools/a.ts', 'const a = clientConfig(url)', 'settings of a connection, outside src/store'],
  ])('%s: %s', (path, text, fault) => {
    expect(faultsOf({ path, text })).toContain(fault)
  })

  test.each([
    'const a = `BEGIN; SET LOCAL statement_timeout = 5`',
    'const a = sql`UPDATE ${table} SET a = 1`',
    'const a = `SELECT pg_advisory_xact_lock(1)`',
    "const a = `SELECT set_config('work_mem', '1MB', true)`",
    "using connection = await pool.borrow('a')",
    "await client.query('SELECT 1', [1])",
  ])('nothing is wrong with %s', (text) => {
    expect(faultsOf({ path: STORE, text })).toEqual([])
  })
})
