import { isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml'

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

/** A YAML document that knows where its parts stand. */
export interface LocatedYaml {
  /** Plain data. Empty documents are null. */
  readonly value: unknown
  /** What is no YAML, or cannot be filled in. Where there is any, `value` is not to be used. */
  readonly faults: readonly Fault[]
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
  const faults: Fault[] = doc.errors.map(({ message, pos }) => {
    const place = placeAt(pos[0])
    const said = message.split(' at line ')[0] ?? message
    const isBare = /[{,][^'"]*\$\{/.test(text.split('\n')[(place?.line ?? 0) - 1] ?? '')
    return { place, message: isBare ? `${said}; between braces, \${…} needs quotes` : said }
  })
  const filled = new Set<unknown>()
  if (faults.length === 0) fillInAll(doc, fillIn, { filled, faults, placeAt })
  return {
    value: faults.length === 0 ? plain(doc, faults) : null,
    faults,
    placeOf: (path) => placeAt(nodeNear(doc, path)?.range?.[0]),
    placeOfKey: (path) => placeAt(keyNode(doc, path)?.range?.[0] ?? nodeNear(doc, path)?.range?.[0]),
    isFilledIn: (path) => filled.has(doc.getIn(path, true)),
  }
}

interface Filling {
  readonly filled: Set<unknown>
  readonly faults: Fault[]
  readonly placeAt: (offset: number | undefined) => Place | null
}

function fillInAll(doc: Document, fillIn: FillIn, { filled, faults, placeAt }: Filling): void {
  visit(doc, {
    Scalar: (key, node) => {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      node.value = node.value.replaceAll(/\$(\$\{)|\$\{([^}]*)\}/g, (_, escaped: string | undefined, name: string) => {
        if (escaped !== undefined) return escaped
        const found = fillIn(name.trim())
        filled.add(node)
        if ('text' in found) return found.text
        faults.push({ place: placeAt(node.range?.[0]), message: found.fault })
        return ''
      })
    },
  })
}

/** Aliases that multiply are refused by the library. */
function plain(doc: Document, faults: Fault[]): unknown {
  try {
    return doc.toJS({ maxAliasCount: 100 })
  } catch (error) {
    faults.push({ place: null, message: error instanceof Error ? error.message : String(error) })
    return null
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
