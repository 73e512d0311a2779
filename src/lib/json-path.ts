import { jsonpath, JSONPathEnvironment, JSONPathNode, type JSONPathQuery, type JSONValue } from 'json-p3'
import { isExactNumber } from './exact-json.ts'
import { isObject } from './is-object.ts'

const { expressions, selectors } = jsonpath
type Expression = InstanceType<typeof expressions.FilterExpression>
type Segment = JSONPathQuery['segments'][number]

/** A JSONPath (RFC 9535), without what could take long for its length: see `parseJsonPath`. */
export interface JsonPath {
  readonly segments: readonly Segment[]
  /** It leads to one value at most. */
  readonly single: boolean
}

const ENVIRONMENT = new JSONPathEnvironment()
// Patterns are somebody's regular expressions, which may run for ever.
for (const name of ['match', 'search']) ENVIRONMENT.functionRegister.delete(name)

const MOST_SEGMENTS = 64

/** Undefined: no path, or one whose filters look further than names and indexes lead, or that wants patterns. */
export function parseJsonPath(text: string): JsonPath | undefined {
  try {
    const query = ENVIRONMENT.compile(text.trim())
    if (query.segments.length > MOST_SEGMENTS || !query.segments.every(isPlain)) return undefined
    return { segments: query.segments, single: query.singularQuery() }
  } catch {
    return undefined
  }
}

function isPlain(segment: Segment): boolean {
  return segment.selectors.every(
    (each) => !(each instanceof selectors.FilterSelector) || isPlainFilter(each.expression),
  )
}

/** What a filter asks of one value takes as long as the filter is, not as the value is large. */
function isPlainFilter(filter: Expression): boolean {
  if (filter instanceof expressions.FilterQuery) return filter.path.singularQuery()
  if (filter instanceof expressions.PrefixExpression) return isPlainFilter(filter.right)
  if (filter instanceof expressions.LogicalExpression) return isPlainFilter(filter.expression)
  if (filter instanceof expressions.InfixExpression) return isPlainFilter(filter.left) && isPlainFilter(filter.right)
  if (filter instanceof expressions.FunctionExtension) return filter.args.every(isPlainFilter)
  return filter instanceof expressions.FilterExpressionLiteral
}

const MOST_STEPS = 1_000_000
const MOST_MS = 100
const MOST_FOUND = 100_000

/** Everything that a path leads to, in order. Undefined: it would take too long to find, or be too much. */
export function selectJson(path: JsonPath, value: unknown): readonly unknown[] | undefined {
  return new JsonSearch().select(path, value)
}

class TooMuch extends Error {}

/** Any number of selections that end together: what one has used up the next ones lack. */
export class JsonSearch {
  readonly #until = performance.now() + MOST_MS
  #root: JSONValue = null
  #steps = 0

  select({ segments }: JsonPath, value: unknown): readonly unknown[] | undefined {
    this.#root = value as JSONValue
    try {
      let found: readonly JSONValue[] = [this.#root]
      for (const segment of segments) found = this.#follow(segment, found)
      return found.length > MOST_FOUND ? undefined : found
    } catch (cause) {
      // Values that lie in one another more deeply than there is stack to compare them.
      if (cause instanceof TooMuch || cause instanceof RangeError) return undefined
      throw cause
    }
  }

  #follow({ token, selectors: all }: Segment, from: readonly JSONValue[]): readonly JSONValue[] {
    const found: JSONValue[] = []
    const isDeep = token.kind === jsonpath.TokenKind.DDOT
    for (const start of from)
      for (const at of isDeep ? this.#descend(start) : [start])
        for (const selector of all) for (const each of this.#select(selector, at)) found.push(each)
    return found
  }

  *#select(selector: Segment['selectors'][number], at: JSONValue): Generator<JSONValue> {
    if (!(selector instanceof selectors.FilterSelector)) {
      for (const { value } of selector.resolve(new JSONPathNode(at, [], this.#root))) yield this.#step(value)
      return
    }
    for (const value of childrenOf(at)) {
      const context = { environment: ENVIRONMENT, currentValue: this.#step(value), rootValue: this.#root }
      if (selector.expression.evaluate(context)) yield value
    }
  }

  /** A value and everything inside it, outer before inner. */
  *#descend(value: JSONValue): Generator<JSONValue> {
    const left = [value]
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      yield this.#step(at)
      const children = childrenOf(at)
      for (let n = children.length - 1; n >= 0; n--) left.push(children[n])
    }
  }

  #step(value: JSONValue): JSONValue {
    this.#steps += 1
    if (this.#steps > MOST_STEPS || (this.#steps % 64 === 0 && performance.now() > this.#until)) throw new TooMuch()
    return value
  }
}

function childrenOf(value: JSONValue): readonly JSONValue[] {
  if (Array.isArray(value)) return value
  return isObject(value) && !isExactNumber(value) ? Object.values<JSONValue>(value) : []
}
