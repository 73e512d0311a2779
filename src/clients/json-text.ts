import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser'
import type { Change, Values } from './config-text.ts'
import { FileFault } from './file-fault.ts'
import { inserted, memberOf, removed, replaced } from './json-members.ts'

/** JSON as editors read it: comments and trailing commas may be there. A file without anything is an empty object. */
export function readJson(text: string, path: string): Values {
  const body = withoutMark(text)
  if (body.trim() === '') return {}
  const errors: ParseError[] = []
  const tree = parseTree(body, errors, { allowTrailingComma: true })
  const [first] = errors
  if (first !== undefined || tree === undefined) {
    const why = first === undefined ? 'there is no value' : words(printParseErrorCode(first.error))
    throw new FileFault(path, `the JSON cannot be read: ${why}`, placeOf(body, first?.offset ?? 0))
  }
  if (tree.type !== 'object') throw new FileFault(path, 'it must hold a JSON object', placeOf(body, tree.offset))
  const double = doubleKey(tree)
  if (double !== undefined)
    throw new FileFault(path, `${JSON.stringify(double.value)} is there twice`, placeOf(body, double.offset))
  return getNodeValue(tree) as Values
}

/** Only the member itself is written; what stands around it stays as it is laid out. */
export function editJson(text: string, { path: [group, name], value }: Change): string {
  const mark = text.startsWith(MARK) ? MARK : ''
  const body = withoutMark(text).trim() === '' ? '{}\n' : withoutMark(text)
  const tree = parseTree(body, [], { allowTrailingComma: true })
  const servers = tree && memberOf(tree, group)
  const old = servers && memberOf(servers, name)
  if (value === undefined) return servers === undefined ? text : mark + removed(body, servers, name)
  if (tree === undefined) return text
  if (old !== undefined) return mark + replaced(body, old, value)
  if (servers === undefined) return mark + inserted(body, tree, [group, { [name]: value }])
  return mark + inserted(body, servers, [name, value])
}

const MARK = '\uFEFF'
const withoutMark = (text: string): string => (text.startsWith(MARK) ? text.slice(1) : text)

/** Readers differ about which of two equal keys counts; on the two levels that are edited there must be no doubt. */
function doubleKey(object: Node, depth = 2): Node | undefined {
  const seen = new Set<unknown>()
  for (const { children: [key, value] = [] } of object.children ?? []) {
    if (key === undefined) continue
    if (seen.has(key.value)) return key
    seen.add(key.value)
    const inner = value?.type === 'object' && depth > 1 ? doubleKey(value, depth - 1) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split('\n')
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 }
}

/** PropertyNameExpected → property name expected. */
const words = (code: string): string => code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
