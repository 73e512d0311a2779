import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parseSync, Visitor, type NewExpression } from 'oxc-parser'

const ROOT = join(import.meta.dirname, '../..')

/** One place where a file names another module. */
export interface Import {
  readonly from: string
  /** Gone at run time: `import type`, or every name in it marked `type`. */
  readonly typeOnly: boolean
  /** Local names of values. */
  readonly values: readonly string[]
}

/** What the architecture test needs to know of a file. */
export interface Source {
  /** From the root of the repository, with slashes. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
  readonly hasDefaultExport: boolean
  /** `console.log`, `process.env`: member accesses of a plain identifier. */
  readonly members: ReadonlySet<string>
  /** Names that are called as functions: `fetch`. */
  readonly calls: ReadonlySet<string>
  /** Names after `new`. */
  readonly constructed: ReadonlySet<string>
}

export function sources(...patterns: readonly string[]): Source[] {
  return globSync(patterns, { cwd: ROOT, exclude: ['**/node_modules/**'] })
    .map((path) => path.split(sep).join('/'))
    .toSorted()
    .map((path) => readSource(path, readFileSync(join(ROOT, path), 'utf8')))
}

export function readSource(path: string, text: string): Source {
  const { program, module, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`)
  const imports: Import[] = module.staticImports.map(({ moduleRequest, entries }) => ({
    from: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    values: entries.filter((entry) => !entry.isType).map((entry) => entry.localName.value),
  }))
  for (const { entries } of module.staticExports)
    for (const { moduleRequest, isType } of entries)
      if (moduleRequest !== null) imports.push({ from: moduleRequest.value, typeOnly: isType, values: [] })
  const found = { members: new Set<string>(), calls: new Set<string>(), constructed: new Set<string>() }
  const named = (typeOnly: boolean) => (node: { readonly source: object }) =>
    imports.push({ from: literal(node.source), typeOnly, values: [] })
  let defaults = 0
  new Visitor({
    ExportDefaultDeclaration: () => {
      defaults += 1
    },
    ImportExpression: named(false),
    TSImportType: named(true),
    MemberExpression: ({ object, property }) => {
      if (object.type === 'Identifier') found.members.add(`${object.name}.${keyOf(property)}`)
    },
    VariableDeclarator: ({ id, init }) => {
      if (init?.type !== 'Identifier' || id.type !== 'ObjectPattern') return
      for (const each of id.properties)
        if (each.type === 'Property') found.members.add(`${init.name}.${keyOf(each.key)}`)
    },
    CallExpression: ({ callee }) => {
      if (callee.type === 'Identifier') found.calls.add(callee.name)
    },
    NewExpression: (node) => {
      found.constructed.add(calleeName(node))
    },
  }).visit(program)
  const renamed = module.staticExports.flatMap(({ entries }) => entries.map(({ exportName }) => exportName.name))
  const hasDefaultExport = defaults > 0 || renamed.includes('default')
  return { path, text, imports, hasDefaultExport, ...found }
}

/** `X` of `new X()`, and of `new X.Y()`. */
function calleeName({ callee }: NewExpression): string {
  const base = callee.type === 'MemberExpression' ? callee.object : callee
  return base.type === 'Identifier' ? base.name : ''
}

/** `env` of `.env`, of `['env']` and of `{ env }`. */
function keyOf(node: object): string {
  return 'name' in node && typeof node.name === 'string' ? node.name : literal(node)
}

/** The text of a literal; an expression has none, and no rule lets it pass. */
function literal(node: object): string {
  return 'value' in node ? String(node.value) : '(computed)'
}
