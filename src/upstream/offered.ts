import { isUtf8 } from 'node:buffer'
import type { ListKind } from '#/catalog/snapshot.ts'
import type { Offered } from '#/gateways/discovery.ts'
import { OPEN_OBJECT } from '#/lib/json-bytes.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import { readObject } from '#/lib/json-object.ts'
import { readParamHeaders } from '#/mcp/param-headers.ts'
import { isObject, type Json } from './messages.ts'

const LABELS = {
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
  resourceTemplates: 'resource template',
} as const
const KEYS = { tools: 'name', prompts: 'name', resources: 'uri', resourceTemplates: 'uriTemplate' } as const
const MAX_KEY = 2048
const MAX_DEFINITION = 1 << 20

/** One definition from a list, kept byte for byte; or why it is left out. */
export function readItem(kind: ListKind, raw: Buffer): Offered | { readonly problem: string } {
  const out = (name: string, why: string): { readonly problem: string } => ({
    problem: `${LABELS[kind]} ${JSON.stringify(name.slice(0, 100))} is left out: ${why}`,
  })
  const fault = ambiguity(raw)
  if (fault !== undefined) return out(raw.toString('utf8', 0, 60), fault)
  const item: unknown = JSON.parse(raw.toString())
  if (!isObject(item)) return out(raw.toString('utf8', 0, 60), 'it is not an object')
  const key = item[KEYS[kind]]
  if (typeof key !== 'string' || key === '') return out(text(item['name']) ?? '', `it has no ${KEYS[kind]}`)
  if (key.length > MAX_KEY) return out(key, `its ${KEYS[kind]} is longer than ${String(MAX_KEY)} characters`)
  if (raw.length > MAX_DEFINITION) return out(key, `its definition is larger than ${String(MAX_DEFINITION)} bytes`)
  if (kind !== 'tools') return offered(item, key, raw)
  if (!isObject(item['inputSchema'])) return out(key, 'it has no inputSchema object')
  const headers = readParamHeaders(item['inputSchema'])
  if (!headers.ok) return out(key, headers.why)
  return { ...offered(item, key, raw), paramHeaders: headers.headers.length > 0 ? headers.headers : null }
}

function offered(item: Json, key: string, raw: Buffer): Offered {
  return {
    key,
    definition: raw.toString(),
    name: text(item['name']) ?? key,
    title: text(item['title']),
    description: text(item['description']),
    mimeType: text(item['mimeType']),
    paramHeaders: null,
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Bytes that two parsers could read differently are no definition that anyone can approve. */
function ambiguity(raw: Buffer): string | undefined {
  if (!isUtf8(raw)) return 'it is not valid UTF-8'
  if (raw[0] !== OPEN_OBJECT) return undefined
  try {
    readObject(raw)
    return undefined
  } catch (cause) {
    if (cause instanceof JsonFault) return cause.message
    throw cause
  }
}
