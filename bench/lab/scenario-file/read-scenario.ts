import type { Scenario } from '../scenario.ts'
import { integer, isObject, list, number, object, oneOf, range, sharing, text, variants, type Check } from './check.ts'

/** Everything that is wrong with a scenario, one line each. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
}

const share = number(0, 100)
const DAY = 86_400
const users = integer(1, 100_000)
const path = text('a path that begins with /', /^\/[^\s]*$/)
const at = oneOf('aggregate', 'server', 'gateway')

const ofMcp = object({ request: oneOf('call', 'list', 'read', 'prompt'), share, at })
const ofPath = object({ request: oneOf('rest', 'page'), share, path })

const SCENARIO: Readonly<Record<keyof Scenario, Check>> = {
  name: text('a word of letters, digits and dashes', /^[\w-]{1,60}$/),
  about: text('a line of text', /^[^\n]{0,200}$/),
  loop: variants('kind', {
    closed: object({ kind: oneOf('closed'), users, thinkSeconds: range(0, 3600) }),
    open: object({ kind: oneOf('open'), users, perSecond: number(0.1, 100_000) }),
  }),
  rampSeconds: integer(0, 3600),
  seconds: integer(1, DAY),
  mix: sharing(
    list(variants('request', { call: ofMcp, list: ofMcp, read: ofMcp, prompt: ofMcp, rest: ofPath, page: ofPath }), 1),
    'all',
  ),
  delays: sharing(list(object({ share, seconds: range(0, 3600) }), 1), 'all'),
  clients: sharing(object({ legacy: share, modern: share, rpc: share }), 'all'),
  streams: share,
  upstreams: object({ legacy: integer(0, 1000), modern: integer(0, 1000) }),
  streamed: share,
  answerBytes: integer(0, 64 << 20),
  failures: sharing(
    list(object({ share, does: oneOf('error', 'tool-error', 'reset', 'hang', 'half-body', 'bad-json') }), 0),
    'at most',
  ),
  patienceSeconds: number(0.1, 3600),
  controlUsers: integer(0, 10_000),
  seed: integer(0, 2 ** 31),
}

/** What a file need not say. */
const UNSAID: Readonly<Partial<Scenario>> = {
  about: '',
  rampSeconds: 5,
  seconds: 60,
  delays: [{ share: 100, seconds: [0.1, 1] }],
  clients: { legacy: 50, modern: 50, rpc: 0 },
  streams: 0,
  upstreams: { legacy: 1, modern: 1 },
  streamed: 0,
  answerBytes: 400,
  failures: [],
  patienceSeconds: 60,
  controlUsers: 0,
  seed: 1,
}

/** What is said on the command line instead of in the file. */
export interface Overrides {
  readonly users?: number
  readonly seconds?: number
  readonly ramp?: number
  /** Requests a second, where the loop is open. */
  readonly rate?: number
  readonly seed?: number
}

/** The scenario, or a ScenarioError that names every mistake by the path of its field. */
export function readScenario(json: string, { name, ...overrides }: Overrides & { readonly name: string }): Scenario {
  const given = parsed(json, name)
  const value = overridden({ ...UNSAID, name, ...given }, overrides)
  const problems: string[] = []
  object(SCENARIO)(value, '', (where, what) => problems.push(`${where} ${what}`))
  if (problems.length === 0) problems.push(...contradictions(value as unknown as Scenario))
  if (problems.length > 0)
    throw new ScenarioError(`the scenario ${name} cannot be run:\n${problems.map((one) => `  ${one}`).join('\n')}`)
  return value as unknown as Scenario
}

function parsed(json: string, name: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new ScenarioError(`the scenario ${name} is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (isObject(value)) return value
  throw new ScenarioError(`the scenario ${name} must be a JSON object`)
}

function overridden(value: Readonly<Record<string, unknown>>, over: Overrides): Readonly<Record<string, unknown>> {
  const loop = isObject(value['loop']) ? value['loop'] : {}
  return {
    ...value,
    ...(over.seconds !== undefined && { seconds: over.seconds }),
    ...(over.ramp !== undefined && { rampSeconds: over.ramp }),
    ...(over.seed !== undefined && { seed: over.seed }),
    ...(over.users !== undefined && {
      controlUsers: scaled(value['controlUsers'], over.users / Number(loop['users'])),
    }),
    ...(isObject(value['loop']) && {
      loop: {
        ...loop,
        ...(over.users !== undefined && { users: over.users }),
        ...(over.rate !== undefined && { perSecond: over.rate }),
      },
    }),
  }
}

/** With fewer users, fewer control users too. */
const scaled = (count: unknown, by: number): unknown =>
  typeof count === 'number' && Number.isFinite(by) ? Math.ceil(count * by) : count

function contradictions({ mix, upstreams, failures }: Scenario): string[] {
  const asksServers = mix.some((item) => 'at' in item && item.share > 0)
  return [
    ...(asksServers && upstreams.legacy + upstreams.modern === 0
      ? ['upstreams must be at least one, because the mix asks for what servers offer']
      : []),
    ...(failures.length > 0 && !mix.some(({ request }) => request === 'call')
      ? ['failures are of calls, and the mix has none']
      : []),
  ]
}
