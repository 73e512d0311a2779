import type { CatalogTool } from '#/catalog/model.ts'
import { parseJsonPath, selectJson } from '#/lib/json-path.ts'
import { exactJson } from '#/lib/exact-json.ts'

export interface HttpAnswerWhole {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

const NO_CONTENT = 'Request completed successfully (No Content)'

/** What an HTTP API answered, as a CallToolResult: JSON in readable form, a failure as an error of the tool. */
export function httpToolResult(
  { definition, local }: CatalogTool,
  { status, contentType, body }: HttpAnswerWhole,
): Buffer {
  if (status >= 300)
    return resultOf({ text: failure(status, body), isError: true, structured: { status_code: status } })
  if (status === 204 || body.length === 0) return resultOf({ text: NO_CONTENT })
  const text = body.toString('utf8')
  const whole = jsonOf(text, contentType)
  const value = whole === undefined ? undefined : filtered(whole, local?.backing.jsonpathFilter ?? '')
  if (value === TOO_MUCH) return resultOf({ text: TOO_MUCH, isError: true })
  if (value === undefined) return resultOf({ text: JSON.stringify({ response_text: text }) })
  const declaresOutput = definition.includes('"outputSchema"')
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return resultOf({
    text: JSON.stringify(value, null, 2),
    ...(declaresOutput && isObject ? { structured: value } : {}),
  })
}

const TOO_MUCH = "the tool's jsonpath_filter leads to more of this answer than can be looked through: make it narrower"

/** What the tool's path selects: the one value that it leads to, or the list of all. */
function filtered(value: unknown, text: string): unknown {
  const path = text === '' ? undefined : parseJsonPath(text)
  if (path === undefined) return value
  const found = selectJson(path, value)
  if (found === undefined) return TOO_MUCH
  return path.single ? (found[0] ?? null) : found
}

function failure(status: number, body: Buffer): string {
  const said = body.toString('utf8').trim().slice(0, 4_000)
  return said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`
}

/** Undefined: it is no JSON. */
function jsonOf(text: string, contentType: string): unknown {
  if (!/json/i.test(contentType) && !/^\s*[[{]/.test(text)) return undefined
  try {
    return exactJson(text)
  } catch {
    return undefined
  }
}

interface Said {
  readonly text: string
  readonly isError?: boolean
  readonly structured?: unknown
}

function resultOf({ text, isError = false, structured }: Said): Buffer {
  const result = {
    content: [{ type: 'text', text }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
    isError,
  }
  return Buffer.from(JSON.stringify(result))
}
