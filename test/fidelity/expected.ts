import { asModern } from '../fixtures/exact-server.ts'
import { clientEra, upstreamEra, type Cell } from './cells.ts'
import { change, get, parseExact, render, without, type Exact } from './exact-json.ts'

const SERVER_INFO = 'io.modelcontextprotocol/serverInfo'

/** The gateway may name the server in a modern result where the upstream did not. Nothing of the corpus does. */
function withoutServerInfo(result: Exact): Exact {
  return change(result, '_meta', (meta) => {
    const rest = without(meta, [SERVER_INFO])
    return rest.kind === 'object' && rest.members.length === 0 ? undefined : rest
  })
}

const WRAPPED = 'structuredContent'

/** A client before 2026-07-28 knows only objects there. */
function wrapped(result: Exact): Exact {
  return change(result, WRAPPED, (value) =>
    value.kind === 'object' ? value : { kind: 'object', members: [['"result"', value]] },
  )
}

/** What the client of a cell must get for a result that the upstream was told to say; `undefined` members are free. */
export function expectedResult(cell: Cell, method: string, raw: string): string {
  if (cell === 'legacy to modern') return render(wrapped(parseExact(raw)))
  if (cell === 'modern to modern') return render(withoutServerInfo(parseExact(asModern(method, raw))))
  if (cell === 'modern to legacy') return render(withoutServerInfo(parseExact(raw)))
  return render(parseExact(raw))
}

const ADDED = ['resultType', 'ttlMs', 'cacheScope']

/** What a client got, without what the gateway must add for its era. */
export function actualResult(cell: Cell, message: Exact): string {
  const result = member(message, 'result')
  if (result === undefined) return `no result in ${render(message).slice(0, 300)}`
  if (clientEra(cell) === 'legacy') return render(result)
  if (render(get(result, 'resultType') ?? parseExact('null')) !== '"complete"') return 'the result has no resultType'
  const own = upstreamEra(cell) === 'legacy' ? without(result, ADDED) : result
  return render(withoutServerInfo(own))
}

/** A member of an envelope, whose keys may be written with escapes. */
export function member(message: Exact, key: string): Exact | undefined {
  if (message.kind !== 'object') return undefined
  return message.members.find(([raw]) => JSON.parse(raw) === key)?.[1]
}

/** The envelope without its result, by key: order and spelling of keys are no part of it. */
export function envelopeOf(message: Exact): Record<string, string> {
  if (message.kind !== 'object') return {}
  const rest = message.members.filter(([raw]) => JSON.parse(raw) !== 'result')
  return Object.fromEntries(rest.map(([raw, value]) => [JSON.parse(raw) as string, render(value)]))
}

/** Long texts fail with the place where they part instead of with all their megabytes. */
export function firstDifference(actual: string, expected: string): string | undefined {
  if (actual === expected) return undefined
  let at = 0
  while (actual[at] === expected[at]) at++
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))
  return `at ${at} of ${expected.length}: got ${around(actual)} (${actual.length}), expected ${around(expected)}`
}
