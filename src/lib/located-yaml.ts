import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Scalar,
} from 'yaml'
import { isObject } from './is-object.ts'

/** Lines and columns count from 1, as editors do. */
export interface Place {
  readonly line: number
  readonly column: number
}

export interface Fault {
  readonly place: Place | null
  readonly message: string
}

export type Path = readonly (string | number)[]

/** What of a document can be used. */
export interface Reading {
  /** Plain data. Empty documents are null. */
  readonly value: unknown
  /** What is no YAML, so that there is no value, or cannot be filled in, so that it is empty. */
  readonly faults: readonly Fault[]
}

/** A YAML document that knows where its parts stand. */
export interface LocatedYaml {
  /** All of it, or one member of the map that it is; what is asked for is filled in, and only that. */
  read(member?: string): Reading
  /** Where the value of a path stands, or the nearest part around it that exists. */
  placeOf(path: Path): Place | null
  /** Where the last key of a path stands. */
  placeOfKey(path: Path): Place | null
  /** Whether the text at a path was filled in from elsewhere: such a text is not to be shown. */
  isFilledIn(path: Path): boolean
}

/** What `${…}` stands for; a message where that cannot be said. */
export type FillIn = (expression: string) => { readonly text: string } | { readonly fault: string }

/** Reads YAML 1.2. In every text, `${…}` is filled in and `$${` means `${`. */
export function readYaml(text: string, fillIn: FillIn): LocatedYaml {
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, version: '1.2' })
  const placeAt = (offset: number | undefined): Place | null => {
    if (offset === undefined) return null
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const broken = doc.errors.map(({ message, pos }): Fault => {
    const place = placeAt(pos[0])
    const said = message.split(' at line ')[0] ?? message
    const isBare = /[{,][^'"]*\$\{/.test(text.split('\n')[(place?.line ?? 0) - 1] ?? '')
    return { place, message: isBare ? `${said}; between braces, \${…} needs quotes` : said }
  })
  /** Each is filled in once: what it then holds is text, whatever it looks like. */
  const filled = new Map<Scalar, readonly string[]>()
  return {
    read: (member) => {
      if (broken.length > 0) return { value: null, faults: broken }
      const part: unknown = member === undefined ? doc.contents : doc.get(member, true)
      const faults: Fault[] = []
      if (isNode(part))
        visit(part, {
          Scalar: (key, node) => {
            if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
            const said = filled.get(node) ?? fillNode(node, fillIn)
            filled.set(node, said)
            faults.push(...said.map((message) => ({ place: placeAt(node.range?.[0]), message })))
          },
        })
      return plain(doc, member, faults)
    },
    placeOf: (path) => placeAt(nodeNear(doc, path)?.range?.[0]),
    placeOfKey: (path) => placeAt(keyNode(doc, path)?.range?.[0] ?? nodeNear(doc, path)?.range?.[0]),
    isFilledIn: (path) => {
      const node: unknown = doc.getIn(path, true)
      return isScalar(node) && filled.has(node)
    },
  }
}

/** Returns what could not be filled in. */
function fillNode(node: Scalar, fillIn: FillIn): readonly string[] {
  const faults: string[] = []
  const text = String(node.value)
  node.value = text.replaceAll(/\$(\$\{)|\$\{([^}]*)\}/g, (_, escaped: string | undefined, name: string) => {
    if (escaped !== undefined) return escaped
    const found = fillIn(name.trim())
    if ('text' in found) return found.text
    faults.push(found.fault)
    return ''
  })
  return faults
}

/** Aliases that multiply are refused by the library. */
function plain(doc: Document, member: string | undefined, faults: readonly Fault[]): Reading {
  try {
    const value: unknown = doc.toJS({ maxAliasCount: 100 })
    if (member === undefined) return { value, faults }
    return { value: isObject(value) ? value[member] : undefined, faults }
  } catch (error) {
    return { value: null, faults: [{ place: null, message: error instanceof Error ? error.message : String(error) }] }
  }
}

function nodeNear(doc: Document, path: Path): Node | null {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? doc.contents : doc.getIn(path.slice(0, length), true)
    if (isNode(node)) return node
  }
  return null
}

function keyNode(doc: Document, path: Path): Node | null {
  const parent: unknown = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true)
  const map = isAlias(parent) ? parent.resolve(doc) : parent
  if (!isMap(map)) return null
  const pair = map.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1))
  return isNode(pair?.key) ? pair.key : null
}
