import { isUtf8 } from 'node:buffer'
import { GatewayError } from '#/errors/gateway-error.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import { scanObject, scanWhole, skipValue } from '#/lib/json-scanner.ts'
import type { TObject, TSchema } from 'typebox'

const OPEN_OBJECT = 0x7b

/** The bytes of one member of a JSON object, as they came; undefined without it. For what is passed on untouched. */
export function rawMember(bytes: Buffer, name: string): Buffer | undefined {
  let found: Buffer | undefined
  if (bytes.length === 0) return undefined
  scanWhole(bytes, (at) =>
    scanObject(bytes, at, {
      depth: 1,
      visit: (key, _start, begin) => {
        const end = skipValue(bytes, begin, 1)
        if (key === name) found = bytes.subarray(begin, end)
        return end
      },
    }),
  )
  return found
}

/**
 * Refuses a text that two parsers could read differently: not UTF-8, not JSON, too deep, or with keys that are equal, or equal
 * but for case, in an object that the schema describes.
 */
export function refuseAmbiguous(bytes: Buffer, schema: TSchema | undefined): void {
  if (!isUtf8(bytes)) throw new GatewayError('malformed', 'the body is not valid UTF-8')
  try {
    scanWhole(bytes, (at) => scan(bytes, at, { depth: 0, schema }))
  } catch (cause) {
    if (!(cause instanceof JsonFault)) throw cause
    throw new GatewayError(cause.code, `the body cannot be read: ${cause.message}`, { cause })
  }
}

function scan(
  bytes: Buffer,
  at: number,
  inside: { readonly depth: number; readonly schema: TSchema | undefined },
): number {
  const properties = propertiesOf(inside.schema)
  if (bytes[at] !== OPEN_OBJECT || properties === undefined) return skipValue(bytes, at, inside.depth)
  const depth = inside.depth + 1
  return scanObject(bytes, at, {
    depth,
    visit: (key, _start, begin) =>
      scan(bytes, begin, { depth, schema: Object.hasOwn(properties, key) ? properties[key] : undefined }),
  })
}

/** The described members of an object, of which null may be another form; undefined where nothing is described: such an object is passed on, not read. */
export function propertiesOf(schema: TSchema | undefined): TObject['properties'] | undefined {
  const properties: unknown = schema && Reflect.get(schema, 'properties')
  const forms: unknown = schema && Reflect.get(schema, 'anyOf')
  if (Array.isArray(forms)) return forms.map((form) => propertiesOf(form as TSchema)).find((each) => each !== undefined)
  if (typeof properties !== 'object' || properties === null || Object.keys(properties).length === 0) return undefined
  return properties as TObject['properties']
}
