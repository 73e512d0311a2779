/** Longer URIs match no template: the work is bounded by length × parts. */
const MAX_URI = 8192
const MAX_PARTS = 64

/** What the variables of an operator (RFC 6570, 2.2) may expand to, told leniently: who serves the URI decides about the rest. */
interface Operator {
  readonly prefix: string
  /** Characters that end the expansion. */
  readonly stops: string
  readonly mayBeAbsent: boolean
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  '': { prefix: '', stops: '/?#', mayBeAbsent: false },
  '+': { prefix: '', stops: '', mayBeAbsent: false },
  '#': { prefix: '#', stops: '', mayBeAbsent: true },
  '.': { prefix: '.', stops: '/?#', mayBeAbsent: true },
  '/': { prefix: '/', stops: '?#', mayBeAbsent: true },
  ';': { prefix: ';', stops: '/?#', mayBeAbsent: true },
  '?': { prefix: '?', stops: '#', mayBeAbsent: true },
  '&': { prefix: '&', stops: '#', mayBeAbsent: true },
}

const EXPRESSION = /^([+#./;?&]?)[\w.%]+(?:\*|:\d{1,4})?(?:,[\w.%]+(?:\*|:\d{1,4})?)*$/

export interface UriTemplate {
  /** What every match begins with. */
  readonly prefix: string
  /** In time proportional to the length of `uri`, whatever it holds. */
  matches(uri: string): boolean
}

/** Undefined when `text` is no template that we can match: unbalanced braces, an unknown operator, too many expressions. */
export function parseUriTemplate(text: string): UriTemplate | undefined {
  const parts: (string | Operator)[] = []
  for (let at = 0; at < text.length;) {
    const open = indexOr(text, '{', at)
    const literal = text.slice(at, open)
    if (literal.includes('}')) return undefined
    if (literal !== '') parts.push(literal)
    if (open === text.length) break
    const close = text.indexOf('}', open)
    const operator = close === -1 ? undefined : operatorOf(text.slice(open + 1, close))
    if (operator === undefined || parts.length >= MAX_PARTS) return undefined
    parts.push(operator)
    at = close + 1
  }
  const prefix = typeof parts[0] === 'string' ? parts[0] : ''
  return { prefix, matches: (uri) => uri.length <= MAX_URI && uri.startsWith(prefix) && matchParts(parts, uri) }
}

function operatorOf(expression: string): Operator | undefined {
  const found = EXPRESSION.exec(expression)
  return found === null ? undefined : OPERATORS[found[1] ?? '']
}

const indexOr = (text: string, what: string, from: number): number => {
  const found = text.indexOf(what, from)
  return found === -1 ? text.length : found
}

/** Carries the set of places that the parts so far can end at. There is nothing to go back to, so nothing to run away. */
function matchParts(parts: readonly (string | Operator)[], uri: string): boolean {
  let reached = new Uint8Array(uri.length + 1)
  reached[0] = 1
  for (const part of parts) {
    const next = new Uint8Array(uri.length + 1)
    if (typeof part === 'string') afterLiteral(part, uri, { reached, next })
    else afterExpression(part, uri, { reached, next })
    reached = next
  }
  return reached[uri.length] === 1
}

interface Places {
  readonly reached: Uint8Array
  readonly next: Uint8Array
}

function afterLiteral(literal: string, uri: string, { reached, next }: Places): void {
  for (let at = uri.indexOf(literal); at !== -1; at = uri.indexOf(literal, at + 1)) {
    if (reached[at] === 1) next[at + literal.length] = 1
  }
}

function afterExpression({ prefix, stops, mayBeAbsent }: Operator, uri: string, { reached, next }: Places): void {
  let inside = false
  for (let at = 0; at <= uri.length; at++) {
    if (inside) next[at] = 1
    if (reached[at] === 1 && mayBeAbsent) next[at] = 1
    if (at === uri.length) break
    const char = uri.charAt(at)
    if (stops.includes(char)) inside = false
    if (reached[at] === 1 && (prefix === '' ? !stops.includes(char) : char === prefix)) inside = true
  }
}
