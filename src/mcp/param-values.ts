import { GatewayError } from '#/errors/gateway-error.ts'
import { OPEN_OBJECT, QUOTE } from '#/lib/json-bytes.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import { scanObject, skipValue } from '#/lib/json-scanner.ts'
import { decodeString } from '#/lib/json-string.ts'
import type { IncomingHeaders } from './classify.ts'
import { paramOf } from './frame-values.ts'
import type { Frame, Range } from './frame.ts'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'
import type { ParamHeader } from './param-headers.ts'

/** The `Mcp-Param-*` headers for a call, from the raw values of its arguments. Absent and null arguments have none. */
export function paramHeaders(frame: Frame, declared: readonly ParamHeader[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const each of declared) {
    const value = argumentText(frame, each.path)
    if (value !== undefined) headers[`Mcp-Param-${each.header}`] = encodeHeaderValue(value)
  }
  return headers
}

/** Refuses a call whose `Mcp-Param-*` headers do not say what its arguments say. */
export function checkParamHeaders(headers: IncomingHeaders, frame: Frame, declared: readonly ParamHeader[]): void {
  for (const each of declared) {
    const name = `Mcp-Param-${each.header}`
    const raw = headers[name.toLowerCase()]
    const value = argumentText(frame, each.path)
    if (raw === undefined) {
      if (value !== undefined) throw mismatch(`the ${name} header is missing`)
      continue
    }
    const said = typeof raw === 'string' ? decodeHeaderValue(raw) : undefined
    if (said === undefined) throw mismatch(`the ${name} header is not a legal value`)
    if (value === undefined) throw mismatch(`the ${name} header has no argument '${each.path.join('.')}' beside it`)
    if (said !== value && !(each.type === 'integer' && sameNumber(said, value))) {
      throw mismatch(`the ${name} header is not the value of the argument '${each.path.join('.')}'`)
    }
  }
}

/** The argument at a path as a header says it: a string decoded, an integer in decimal digits; undefined where there is none. */
function argumentText(frame: Frame, path: readonly string[]): string | undefined {
  const at = findArgument(frame, path)
  if (at === undefined) return undefined
  const first = frame.bytes[at.start]
  if (first === QUOTE) return decodeString(frame.bytes, at.start, at.end)
  const text = frame.bytes.toString('latin1', at.start, at.end)
  if (text === 'null' || first === OPEN_OBJECT || first === 0x5b) return undefined
  if (text === 'true' || text === 'false' || /^-?\d+$/.test(text)) return text
  const number = Number(text)
  return Number.isSafeInteger(number) ? String(number) : text
}

function findArgument(frame: Frame, path: readonly string[]): Range | undefined {
  let range = paramOf(frame, 'arguments')?.value
  for (const [depth, name] of path.entries()) {
    if (range === undefined || frame.bytes[range.start] !== OPEN_OBJECT) return undefined
    range = findMember(frame.bytes, range.start, { name, depth: depth + 3 })
  }
  return range
}

/** These levels are interpreted now, so keys that two parsers could read differently are refused here too. */
function findMember(
  bytes: Buffer,
  at: number,
  wanted: { readonly name: string; readonly depth: number },
): Range | undefined {
  let found: Range | undefined
  const visit = (key: string, _start: number, value: number): number => {
    const end = skipValue(bytes, value, wanted.depth)
    if (key === wanted.name) found = { start: value, end }
    return end
  }
  try {
    scanObject(bytes, at, { depth: wanted.depth, visit })
  } catch (fault) {
    if (fault instanceof JsonFault) throw new GatewayError(fault.code, fault.message, { field: 'params.arguments' })
    throw fault
  }
  return found
}

/** Exact: integers beyond 2^53 are compared as they are written, others as numbers (42 and 42.0). */
function sameNumber(a: string, b: string): boolean {
  if (a.trim() === '' || b.trim() === '') return false
  if (/^-?\d+$/.test(a) && /^-?\d+$/.test(b)) return BigInt(a) === BigInt(b)
  const decimal = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/
  return decimal.test(a) && decimal.test(b) && Number.isSafeInteger(Number(a)) && Number(a) === Number(b)
}

function mismatch(why: string): GatewayError {
  return new GatewayError('header_mismatch', `Header mismatch: ${why}`)
}
