import { isObject } from './is-object.ts'

/** A step of a path (RFC 9535): one member, one element, all of them, or any of the two at any depth. */
type Step =
  | { readonly kind: 'name'; readonly name: string; readonly deep: boolean }
  | { readonly kind: 'index'; readonly index: number; readonly deep: boolean }
  | { readonly kind: 'all'; readonly deep: boolean }

export interface JsonPath {
  readonly steps: readonly Step[]
  /** It leads to one value at most. */
  readonly single: boolean
}

const STEP =
  /^(\.\.?)(?:([\p{L}_][\p{L}\p{N}_-]*)|(\*)|(?=\[))|^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d{1,15})|(\*))\s*\]/u
const MOST_STEPS = 64
/** More than this is cut: a path of `..` over a large value must end. */
const MOST_MATCHES = 100_000

/** Names, indexes, wildcards and descent; undefined: no path, or one with filters, slices or functions. */
export function parseJsonPath(text: string): JsonPath | undefined {
  let rest = text.trim()
  if (!rest.startsWith('$')) return undefined
  rest = rest.slice(1)
  const steps: Step[] = []
  let deep = false
  while (rest !== '') {
    const found = STEP.exec(rest)
    if (found === null || steps.length === MOST_STEPS) return undefined
    const [whole, dots, name, star, single, double, index, all] = found
    rest = rest.slice(whole.length)
    deep ||= dots === '..'
    const quoted = single ?? double
    if (dots === '.' && name === undefined && star === undefined) return undefined
    if (name !== undefined) steps.push({ kind: 'name', name, deep })
    else if (quoted !== undefined) steps.push({ kind: 'name', name: quoted.replaceAll(/\\(.)/g, '$1'), deep })
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index), deep })
    else if (star !== undefined || all !== undefined) steps.push({ kind: 'all', deep })
    else continue
    deep = false
  }
  if (deep) return undefined
  return { steps, single: steps.every((step) => step.kind !== 'all' && !step.deep) }
}

/** Everything that a path leads to, in order. */
export function selectJson({ steps }: JsonPath, value: unknown): readonly unknown[] {
  let found: unknown[] = [value]
  for (const step of steps) {
    const next: unknown[] = []
    for (const at of found) {
      for (const each of step.deep ? descend(at) : [at]) {
        if (next.length >= MOST_MATCHES) break
        next.push(...taken(step, each).slice(0, MOST_MATCHES - next.length))
      }
    }
    found = next
  }
  return found
}

function taken(step: Step, at: unknown): readonly unknown[] {
  if (step.kind === 'all') return Array.isArray(at) ? at : isObject(at) ? Object.values(at) : []
  if (step.kind === 'name') return isObject(at) && Object.hasOwn(at, step.name) ? [at[step.name]] : []
  const value: unknown = Array.isArray(at) ? at.at(step.index) : undefined
  return value === undefined ? [] : [value]
}

/** A value and everything inside it, outer before inner. */
function* descend(value: unknown): Generator {
  yield value
  const inside: readonly unknown[] = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
  for (const each of inside) yield* descend(each)
}
