import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { IMPORT_TABLE, importTableMarkdown } from './support/import-table.ts'
import { readSource, sources, type Import, type Source } from './support/sources.ts'

const isTest = ({ path }: Source): boolean => path.endsWith('.test.ts')
const product = sources('src/**/*.ts')
const house = product.filter((source) => !isTest(source))
const everything = [...product, ...sources('test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts')]

/** 'store' of src/store/pool.ts; '' of src/main.ts. */
const folderOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? ''
/** 'store' of #/store/pool.ts, '' of #/app.ts and ./x.ts at the root; null of what is not ours. */
const target = (from: string): string | null => {
  if (from.startsWith('#/')) return /^#\/([^/]+)\//.exec(from)?.[1] ?? ''
  return null
}

/** The commands that run the product itself rather than talk to it. */
const MAY_IMPORT_APP = [
  'src/main.ts',
  'src/cli/serve.ts',
  'src/cli/config.ts',
  'src/cli/doctor.ts',
  'src/cli/backup.ts',
  'src/cli/restore.ts',
]

const inOrUnder =
  (...places: readonly string[]) =>
  (path: string): boolean =>
    places.some((place) => path === place || path.startsWith(`${place}/`))

/** The composition root: what a worker builds, what the machine prepares, the routes; and the process that runs them. */
const COMPOSITION = [
  'src/main.ts',
  'src/app.ts',
  'src/machine.ts',
  'src/archiving.ts',
  'src/declaring.ts',
  'src/housekeeping.ts',
  'src/keyring.ts',
  'src/examine.ts',
  'src/foreign.ts',
  'src/reviewing.ts',
  'src/routes.ts',
  'src/recording.ts',
  'src/posture.ts',
  'src/proxy.ts',
  'src/refusals.ts',
  'src/saving.ts',
  'src/settling.ts',
  'src/sso.ts',
  'src/witnessing.ts',
]

/** Imports a package whose name depends on the platform. */
const MAY_COMPUTE_IMPORTS = ['src/supervisor/embedded-binaries.ts']

/** The kinds of ids are for everyone who may know the types of access/. */
const SHARED_WITH_TYPES = ['#/access/ids.ts']

/** Packages and built-in modules that only one place may touch. */
const CONFINED: Readonly<Record<string, (path: string) => boolean>> = {
  kysely: inOrUnder('src/store'),
  pg: inOrUnder('src/store'),
  undici: () => false,
  // The store cancels statements on a socket of their own; the rest is addresses.
  'node:net': (path) =>
    ['upstream', 'supervisor', 'stdio', 'store', 'config'].some((folder) => path.startsWith(`src/${folder}/`)),
  'node:tls': (path) => inOrUnder('src/upstream')(path) || path === 'src/store/cancel.ts',
  'node:dns': inOrUnder('src/upstream'),
  'node:dns/promises': inOrUnder('src/upstream'),
  'node:https': inOrUnder('src/upstream'),
  'node:http2': inOrUnder('src/upstream'),
  'node:child_process': inOrUnder('src/supervisor', 'src/stdio/server-process.ts', 'src/cli/laboratory.ts'),
  'node:cluster': inOrUnder('src/supervisor'),
  // `pause` and `pace` say no inside a transaction. What a process does before it has any may wait in its own way.
  'node:timers/promises': inOrUnder(
    'src/lib/pace.ts',
    'src/supervisor',
    'src/store/listen.ts',
    'src/store/wait-for-database.ts',
    'src/cli',
    'src/example',
  ),
  'node:dgram': () => false,
  'node:worker_threads': () => false,
  fastify: inOrUnder('src/http'),
  pino: inOrUnder('src/telemetry'),
  'prom-client': inOrUnder('src/telemetry'),
  commander: inOrUnder('src/cli'),
  'json-p3': inOrUnder('src/lib/json-path.ts'),
}

/** Packages that every process would load at its start, hundreds of files of each: what to import instead, beside their types. */
const NEVER_WHOLE: Readonly<Record<string, string>> = {
  typebox: '#/api/type.ts, which makes the same schemas',
  'prom-client': 'the parts that are used, such as prom-client/lib/gauge.js',
}

/** Globals that only one place may use. */
const CONFINED_GLOBALS: Readonly<Record<string, (path: string) => boolean>> = {
  'process.env': inOrUnder('src/config/env.ts'),
  'process.exit': () => false,
  'process.on': inOrUnder('src/main.ts'),
  'process.once': inOrUnder('src/main.ts'),
}

/** Rules that keep the house in shape may not be switched off where they hold; a narrow exception says which rule and why. */
const UNDISABLED = [
  'no-console',
  'max-lines',
  'max-params',
  'max-lines-per-function',
  'no-explicit-any',
  'no-floating-promises',
  'no-misused-promises',
  'no-default-export',
  'no-process-exit',
]

function forbiddenImports(source: Source): string[] {
  const folder = folderOf(source.path)
  const may = IMPORT_TABLE[folder]
  const wrong = ({ from, typeOnly }: Import): boolean => {
    if (from === '(computed)') return !MAY_COMPUTE_IMPORTS.includes(source.path)
    const to = target(from)
    if (to === null || to === folder) return false
    if (to === '') return ![...MAY_IMPORT_APP, ...COMPOSITION].includes(source.path)
    if (folder === '') return false
    const typesSuffice = typeOnly || SHARED_WITH_TYPES.includes(from)
    return !may?.values.includes(to) && !(typesSuffice && (may?.types === 'all' || may?.types.includes(to)))
  }
  return source.imports.filter(wrong).map(({ from }) => from)
}

describe('who may import whom', () => {
  test('the table names every folder', () => {
    expect(Object.keys(IMPORT_TABLE).toSorted()).toEqual(
      expect.arrayContaining([...new Set(product.map(({ path }) => folderOf(path)))].filter((folder) => folder !== '')),
    )
    const loose = house.map(({ path }) => path).filter((path) => folderOf(path) === '' && !COMPOSITION.includes(path))
    expect(loose).toEqual([])
  })

  test.each(house)('$path', (source) => {
    expect(forbiddenImports(source)).toEqual([])
  })

  test('docs/architecture.md shows the table', () => {
    const squeezed = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')
    expect(squeezed(readFileSync('docs/architecture.md', 'utf8'))).toContain(importTableMarkdown())
  })

  test('imports across folders start with #/, those within one with ./', () => {
    const crossing = product.flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => from.startsWith('..') || target(from) === (folderOf(path) || '–'))
        .map(({ from }) => `${path}: ${from}`),
    )
    expect(crossing).toEqual([])
  })

  test('bench knows the product only by its types and its public API', () => {
    const inside = sources('bench/**/*.ts').flatMap(({ path, imports }) =>
      imports.filter(({ from, typeOnly }) => target(from) !== null && !typeOnly).map(({ from }) => `${path}: ${from}`),
    )
    expect(inside).toEqual([])
  })

  test('the load laboratory stands by itself, because the package carries it', () => {
    const outside = sources('bench/lab/**/*.ts').flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => from.startsWith('#/') || !isInside(path, from))
        .map(({ from }) => `${path}: ${from}`),
    )
    expect(outside).toEqual([])
  })
})

/** Whether what `path` imports by a relative name lies in the laboratory too; packages are no matter of this. */
const isInside = (path: string, from: string): boolean =>
  !from.startsWith('.') || join(dirname(path), from).startsWith('bench/lab/')

describe('one place each', () => {
  const nameOf = (from: string): string => (from.startsWith('node:') ? from : (from.split('/')[0] ?? ''))

  test.each(Object.entries(CONFINED))('%s', (name, allowed) => {
    // Who is handed a socket may know what one is.
    const uses = ({ imports }: (typeof house)[number]) =>
      imports.some(
        ({ from, typeOnly }) => (from === name || nameOf(from) === name) && !(typeOnly && name === 'node:net'),
      )
    const users = house.filter(uses)
    expect(users.map(({ path }) => path).filter((path) => !allowed(path))).toEqual([])
  })

  test.each(Object.entries(NEVER_WHOLE))('of %s only types; for the rest %s', (name) => {
    const users = house.filter(({ imports }) => imports.some(({ from, typeOnly }) => from === name && !typeOnly))
    expect(users.map(({ path }) => path)).toEqual([])
  })

  test.each(Object.entries(CONFINED_GLOBALS))('%s', (name, allowed) => {
    const users = house.filter(({ members }) => members.has(name))
    expect(users.map(({ path }) => path).filter((path) => !allowed(path))).toEqual([])
  })

  test('nothing writes to the console', () => {
    expect(house.filter(({ members }) => [...members].some((name) => name.startsWith('console.')))).toEqual([])
  })

  test('only the commands and the bridge, which talk to the gateway, use fetch', () => {
    const isOurs = inOrUnder('src/cli', 'src/bridge')
    const users = house.filter(({ calls, path }) => calls.has('fetch') && !isOurs(path))
    expect(users.map(({ path }) => path)).toEqual([])
  })

  test('only the composition root makes the parts of other folders; errors and tools of lib are for all', () => {
    const made = house
      .filter(({ path }) => !COMPOSITION.includes(path))
      .flatMap(({ path, imports, constructed }) =>
        imports
          .filter(({ from }) => !['lib', 'errors', null].includes(target(from)) && target(from) !== folderOf(path))
          .flatMap(({ values }) => values.filter((name) => constructed.has(name)))
          .map((name) => `${path}: new ${name}`),
      )
    expect(made).toEqual([])
  })
})

describe('the shape of files', () => {
  const linesOf = ({ text }: Source): number => text.split('\n').length - 1

  test('no file is longer than 300 lines', () => {
    const generated = ['src/store/schema.ts']
    const long = everything.filter((source) => linesOf(source) > 300 && !generated.includes(source.path))
    expect(long.map((source) => `${source.path}: ${linesOf(source)}`)).toEqual([])
  })

  test('half of the files of src/ are shorter than 100 lines', () => {
    const lengths = house.map(linesOf).toSorted((a, b) => a - b)
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(100)
  })

  test('file names are kebab-case', () => {
    const odd = everything.filter(({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/.test(basename(path)))
    expect(odd.map(({ path }) => path)).toEqual([])
  })

  test('nothing is exported by default', () => {
    expect(product.filter(({ hasDefaultExport }) => hasDefaultExport).map(({ path }) => path)).toEqual([])
  })

  test('the rules behind this house are not switched off', () => {
    const switched = product.flatMap(({ path, text }) =>
      [...text.matchAll(/(?:oxlint|eslint)-disable(?:-next-line|-line)?([^\n*]*)/g)]
        .filter(([, rules = '']) => rules.trim() === '' || UNDISABLED.some((rule) => rules.includes(rule)))
        .map(([comment]) => `${path}: ${comment}`),
    )
    const unchecked = product
      .filter(({ text }) => /@ts-(?:ignore|nocheck|expect-error)/.test(text))
      .map(({ path }) => path)
    expect([...switched, ...unchecked]).toEqual([])
  })
})

describe('the test itself sees every form of import', () => {
  test.each([
    [`import { a } from '#/store/a.ts'`, false],
    [`import '#/store/a.ts'`, false],
    [`export { a } from '#/store/a.ts'`, false],
    [`export * from '#/store/a.ts'`, false],
    [`const a = await import('#/store/a.ts')`, false],
    [`import type { A } from '#/store/a.ts'`, true],
    [`import { type A } from '#/store/a.ts'`, true],
    [`export type { A } from '#/store/a.ts'`, true],
    [`type A = import('#/store/a.ts').A`, true],
  ])('%s', (text, typeOnly) => {
    const source = readSource('src/lib/example.ts', text)
    expect(source.imports.map((each) => each.typeOnly)).toEqual([typeOnly])
    expect(forbiddenImports(source)).toEqual(['#/store/a.ts'])
  })

  test('an import that is put together while running is never allowed', () => {
    expect(forbiddenImports(readSource('src/lib/example.ts', 'await import(`#/store/${name}.ts`)'))).toEqual([
      '(computed)',
    ])
  })

  test.each(['export default 1', 'const a = 1; export { a as default }'])('%s', (text) => {
    expect(readSource('src/lib/example.ts', text).hasDefaultExport).toBe(true)
  })

  test.each(['process.env', "process['env']", 'const { env } = process'])('%s', (text) => {
    expect(readSource('src/lib/example.ts', `export const a = () => { ${text} }`).members).toContain('process.env')
  })
})
