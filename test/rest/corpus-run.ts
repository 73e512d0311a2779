import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { differences } from './corpus-match.ts'

/** One request and the answer that clients of such gateways know. */
export interface Step {
  /** `POST /gateways`: without prefix, `${name}` stands for what was kept. */
  readonly send: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** `null`: without a token. */
  readonly token?: string | null
  readonly status: number
  readonly answer?: unknown
  readonly answerHeaders?: unknown
  /** Name → path in the answer. */
  readonly keep?: Readonly<Record<string, string>>
  /** What the answer is where only the clean form is known. */
  readonly strict?: { readonly status: number; readonly answer?: unknown }
}

export interface Case {
  readonly name: string
  /** Of the API's description. */
  readonly section: string
  /** `clean`: the same without lenience; `refused`: its first request is not known there; `lenient`: not asked there. */
  readonly form: 'clean' | 'refused' | 'lenient'
  /** Only at the root. */
  readonly rootOnly?: boolean
  readonly steps: readonly Step[]
}

const FOLDER = join(import.meta.dirname, 'corpus')

/** Every recorded conversation, by the file that holds it. */
export function corpus(): ReadonlyMap<string, readonly Case[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  return new Map(
    files.toSorted().map((name) => [name.slice(0, -5), JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Case[]]),
  )
}

export interface Site {
  readonly url: string
  readonly token: string
  /** Where a case begins: what its requests may name. */
  readonly given: Readonly<Record<string, string>>
}

/** Plays a conversation; answers what differed from the record, with the request it happened at. */
export async function play({ steps }: Pick<Case, 'steps'>, site: Site, prefix: string): Promise<readonly string[]> {
  const kept: Record<string, string> = { ...site.given }
  for (const step of steps) {
    const [method = '', path = ''] = filled(step.send, kept).split(' ', 2)
    const answer = await ask(site, {
      ...step,
      method,
      path: prefix + path,
      body: filledIn(step.body, kept),
      ...tokenOf(step, kept),
    })
    const wanted = {
      status: step.status,
      ...(step.answer === undefined ? {} : { body: filledIn(step.answer, kept) }),
      ...(step.answerHeaders === undefined ? {} : { headers: filledIn(step.answerHeaders, kept) }),
    }
    const wrong = differences(wanted, answer, 'answer')
    if (wrong.length > 0) return [`${method} ${prefix}${path}`, ...wrong, `whole: ${answer.text.slice(0, 400)}`]
    for (const [name, at] of Object.entries(step.keep ?? {})) kept[name] = String(reach(answer.body, at))
  }
  return []
}

const tokenOf = ({ token }: Step, kept: Readonly<Record<string, string>>) =>
  token === undefined ? {} : { token: token && filled(token, kept) }

interface Asked extends Pick<Step, 'headers' | 'token' | 'body'> {
  readonly method: string
  readonly path: string
}

async function ask(site: Site, { method, path, body, headers, token }: Asked) {
  const response = await fetch(site.url + path, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token ?? site.token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: Object.fromEntries(response.headers), body: parsed(text), text }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function filled(text: string, kept: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => kept[name] ?? whole)
}

function filledIn(value: unknown, kept: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return filled(value, kept)
  if (Array.isArray(value)) return value.map((each) => filledIn(each, kept))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [filled(key, kept), filledIn(each, kept)]))
}

function reach(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (Object(at) as Record<string, unknown>)[key], body)
}
