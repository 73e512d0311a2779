import type { Answer } from '../wire/answer-reader.ts'

export type Outcome =
  /** `tookMs`: what the upstream took by its own clock; 0 where none was asked. */
  | { readonly kind: 'answered'; readonly tookMs: number }
  /** With a time to come back. */
  | { readonly kind: 'refused'; readonly afterMs: number }
  /** What was meant for another caller. */
  | { readonly kind: 'foreign'; readonly example: string }
  | Failed

export interface Failed {
  readonly kind: 'failed'
  /** Words that group: no numbers of this one request. */
  readonly reason: string
  readonly example: string
}

/** What an answer must be. */
export interface Expected {
  readonly id: number
  /** Comes back in the first line of the text; null: this method returns none. */
  readonly canary: string | null
  /** The upstream was told to fail: an error is the right answer. */
  readonly fails: boolean
}

export const failed = (reason: string, example: string): Failed => ({
  kind: 'failed',
  reason,
  example: example.slice(0, 300),
})

const ANSWERED: Outcome = { kind: 'answered', tookMs: 0 }
/** Larger lists are not taken apart: that would cost the generator more than the gateway. */
const PARSED_BYTES = 64 * 1024

/** 429 or 503 with a time to come back is a refusal; anything else but 2xx a failure. Null: it is well so far. */
export function judgeStatus({ status, headers, text }: Answer): Outcome | null {
  if (status >= 200 && status < 300) return null
  const after = headers['retry-after']
  if ((status === 429 || status === 503) && after !== undefined) return { kind: 'refused', afterMs: waitOf(after) }
  return failed(`status ${status}`, text)
}

/** Seconds, or a date. */
function waitOf(after: string): number {
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 60_000) : 1000
}

interface Response {
  readonly id?: unknown
  readonly error?: { readonly code?: unknown; readonly message?: unknown }
  readonly result?: {
    readonly isError?: boolean
    readonly content?: readonly { readonly text?: unknown }[]
    readonly contents?: readonly { readonly text?: unknown }[]
    readonly messages?: readonly { readonly content?: { readonly text?: unknown } }[]
  }
}

export function judge(answer: Answer, expected: Expected): Outcome {
  const refused = judgeStatus(answer)
  if (refused?.kind === 'refused') return refused
  if (expected.fails) return judgeFailing(answer)
  if (refused !== null) return refused
  if (expected.canary === null && answer.text.length > PARSED_BYTES) return judgeLong(answer, expected)
  const response = parsed(answer.text)
  if (response === null) return failed('the answer is not JSON', answer.text)
  const wrong = judgeCanary(response, expected, answer.text)
  if (wrong !== null) return wrong
  if (response.id !== expected.id) return failed('the answer has another id', `${expected.id}: ${answer.text}`)
  if (response.error !== undefined) return failed(`error ${String(response.error.code)}`, answer.text)
  if (response.result === undefined) return failed('the answer has no result', answer.text)
  if (response.result.isError === true) return failed('the tool failed', answer.text)
  if (expected.canary === null) return ANSWERED
  const tookMs = Number(firstLine(response)?.tookMs)
  return Number.isFinite(tookMs) ? { kind: 'answered', tookMs } : failed('the canary is gone', answer.text)
}

/** Another caller's canary is worse than any failure, whatever else is wrong. */
function judgeCanary(response: Response, { canary }: Expected, text: string): Outcome | null {
  const found = firstLine(response)?.canary
  if (typeof found !== 'string' || found === canary) return null
  return { kind: 'foreign', example: `expected ${canary}: ${text.slice(0, 300)}` }
}

function firstLine({ result }: Response): { readonly canary?: unknown; readonly tookMs?: unknown } | null {
  const text = result?.content?.[0]?.text ?? result?.contents?.[0]?.text ?? result?.messages?.[0]?.content?.text
  if (typeof text !== 'string' || !text.startsWith('{"canary"')) return null
  const end = text.indexOf('\n')
  return parsed(end < 0 ? text : text.slice(0, end)) as { canary?: unknown; tookMs?: unknown } | null
}

function judgeLong({ text }: Answer, { id }: Expected): Outcome {
  const begins = text.slice(0, 200)
  if (!text.endsWith('}')) return failed('the answer is cut off', text.slice(-100))
  return begins.includes(`"id":${id}`) || text.slice(-200).includes(`"id":${id}`)
    ? ANSWERED
    : failed('the answer has another id', begins)
}

/** The upstream failed, as it was told to: whoever asked must hear so. */
function judgeFailing({ status, text }: Answer): Outcome {
  const response = parsed(text)
  const told = status >= 400 || response?.error !== undefined || response?.result?.isError === true
  return told ? ANSWERED : failed('no error, although the upstream failed', text)
}

function parsed(text: string): Response | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}
