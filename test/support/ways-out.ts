import { dirname, posix } from 'node:path'
import { parseSync, Visitor, type CallExpression, type Program } from 'oxc-parser'
import type { Source } from './sources.ts'

/** A call that leads out of the process, at once or through what it calls. */
export interface WayOut {
  /** `src/gateways/care.ts:60 deps.discoverer.probe` */
  readonly name: string
  readonly path: string
  /** Where the call stands in the text. */
  readonly start: number
}

/** Where ways out end: a function that opens a socket, one that starts a process. */
const DIALS = ['src/upstream/connect.ts#openSocket', 'node:child_process#spawn']

/** The ports through which the rest of the house reaches the network: method, and what the value that has it is called. */
const PORTS: Readonly<Record<string, RegExp>> = {
  discover: /discoverer$/i,
  probe: /(?:discoverer|prober)$/i,
  follow: /follower$/i,
  send: /upstreams$/i,
  call: /httpTools$/i,
  read: /logs$/i,
  check: /addresses$/i,
  getJson: /^(?:upstream|line)$/,
  askJson: /line$/i,
  authorizationUrl: /provider$/i,
  requireIssuer: /provider$/i,
  redeem: /provider$/i,
  vouch: /provider$/i,
}

interface Called {
  readonly call: CallExpression
  /** The function of its file that it stands in, if any: `path#name`. */
  readonly within: string | undefined
  /** What it calls: `path#name`, or undefined where that is no plain name. */
  readonly target: string | undefined
}

/**
 * Every call in the files that leads out: a call of a dialler or of a port, and then whatever calls a function that contains one,
 * as far as names and imports tell. Nothing here is a list of what there is, so a new way out is one by itself.
 */
export function waysOut(files: readonly Source[]): WayOut[] {
  const calls = files.flatMap((file) => callsOf(file).map((called) => ({ ...called, file })))
  const leading = new Set(DIALS)
  const leadsOut = ({ call, target }: Called): boolean => (target !== undefined && leading.has(target)) || isPort(call)
  for (let before = -1; before !== leading.size;) {
    before = leading.size
    for (const called of calls) if (called.within !== undefined && leadsOut(called)) leading.add(called.within)
  }
  return calls.filter(leadsOut).map(({ call, file }) => {
    const line = file.text.slice(0, call.start).split('\n').length
    const callee = file.text.slice(call.callee.start, call.callee.end).replaceAll(/\s+/g, '')
    return { name: `${file.path}:${line} ${callee}`, path: file.path, start: call.start }
  })
}

function isPort({ callee }: CallExpression): boolean {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return false
  const { object, property } = callee
  const owner = object.type === 'MemberExpression' ? object.property : object
  const name = 'name' in owner && typeof owner.name === 'string' ? owner.name : ''
  return Object.hasOwn(PORTS, property.name) && PORTS[property.name]?.test(name) === true
}

function callsOf({ path, text }: Source): Called[] {
  const { program, module } = parseSync(path, text)
  const named = new Map<string, string>()
  for (const { moduleRequest, entries } of module.staticImports)
    for (const { importName, localName, isType } of entries)
      if (!isType && importName.name != null)
        named.set(localName.value, `${resolved(path, moduleRequest.value)}#${importName.name}`)
  const functions = topFunctions(program)
  for (const { name } of functions) named.set(name, `${path}#${name}`)
  const calls: Called[] = []
  new Visitor({
    CallExpression: (call) => {
      const around = functions.find(({ start, end }) => start <= call.start && call.end <= end)
      const target = call.callee.type === 'Identifier' ? named.get(call.callee.name) : undefined
      calls.push({ call, target, within: around && `${path}#${around.name}` })
    },
  }).visit(program)
  return calls
}

interface TopFunction {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** Functions of a module that have a name there. */
function topFunctions({ body }: Program): TopFunction[] {
  return body.flatMap((statement) => {
    const declared =
      statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement
    if (declared.type === 'FunctionDeclaration' && declared.id)
      return [{ name: declared.id.name, start: declared.start, end: declared.end }]
    if (declared.type !== 'VariableDeclaration') return []
    return declared.declarations.flatMap(({ id, init, start, end }) =>
      id.type === 'Identifier' && init?.type === 'ArrowFunctionExpression' ? [{ name: id.name, start, end }] : [],
    )
  })
}

function resolved(path: string, from: string): string {
  if (from.startsWith('#/')) return `src/${from.slice(2)}`
  return from.startsWith('.') ? posix.join(dirname(path), from) : from
}
