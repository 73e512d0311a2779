import type { Random } from '../random.ts'
import type { Endpoint, MixItem, Scenario } from '../scenario.ts'
import type { Door, WaitArguments } from '../site.ts'
import type { Message } from './protocols.ts'

/** What a user asks for next. */
export type Drawn =
  | {
      readonly kind: 'call' | 'failing call' | 'list' | 'read' | 'prompt'
      readonly at: Endpoint
      readonly message: Message
      readonly canary: string | null
    }
  | { readonly kind: 'rest' | 'page'; readonly path: string }

/** How often an upstream that answers with a stream says how far it is. */
const PROGRESS = 2

/** @param canary differs for each request of each user. */
export function draw(
  scenario: Scenario,
  { random, doors, canary }: { random: Random; doors: Readonly<Partial<Record<Endpoint, Door>>>; canary: string },
): Drawn {
  const item = random.weighted(scenario.mix) as MixItem
  if ('path' in item) return { kind: item.request, path: item.path }
  const door = doors[item.at] as Door
  if (item.request === 'list')
    return { kind: 'list', at: item.at, message: { method: 'tools/list', params: {} }, canary: null }
  const ms = Math.round(random.between(random.weighted(scenario.delays)?.seconds ?? [0, 0]) * 1000)
  if (item.request === 'call') return call(scenario, { random, at: item.at, door, wait: { ms, canary } })
  if (item.request === 'read') {
    const template = random.oneOf(door.resources) as string
    const uri = template.replace('{ms}', String(ms)).replace('{canary}', canary)
    return { kind: 'read', at: item.at, message: { method: 'resources/read', params: { uri }, name: uri }, canary }
  }
  const name = random.oneOf(door.prompts) as string
  const params = { name, arguments: { ms: String(ms), canary } }
  return { kind: 'prompt', at: item.at, message: { method: 'prompts/get', params, name }, canary }
}

function call(
  { streamed, answerBytes, failures }: Scenario,
  { random, at, door, wait }: { random: Random; at: Endpoint; door: Door; wait: WaitArguments },
): Drawn {
  const name = random.oneOf(door.tools) as string
  const wantsProgress = random.hits(streamed)
  const fail = failureOf(failures, random)
  const args: WaitArguments = {
    ...wait,
    ...(answerBytes > 0 && { bytes: answerBytes }),
    ...(wantsProgress && { progress: PROGRESS }),
    ...(fail !== null && { fail }),
  }
  const message: Message = { method: 'tools/call', params: { name, arguments: args }, name, wantsProgress }
  return { kind: fail === null ? 'call' : 'failing call', at, message, canary: wait.canary }
}

/** Shares are of all calls. */
function failureOf(failures: Scenario['failures'], random: Random): string | null {
  if (failures.length === 0) return null
  let left = random.next() * 100
  return failures.find(({ share }) => (left -= share) < 0)?.does ?? null
}
