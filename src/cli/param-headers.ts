import { encodeHeaderValue } from '#/mcp/header-value.ts'
import { readParamHeaders } from '#/mcp/param-headers.ts'
import { isObject } from '#/lib/is-object.ts'

/** The arguments that the tool's server wants to see in headers too. */
export function paramHeaders(inputSchema: unknown, args: unknown): Readonly<Record<string, string>> {
  const declared = readParamHeaders(inputSchema)
  if (!declared.ok) return {}
  const values = declared.headers.map(({ header, path }) => {
    const value = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), args)
    return [`mcp-param-${header}`, value] as const
  })
  return Object.fromEntries(
    values.flatMap(([header, value]) =>
      value === undefined || value === null
        ? []
        : [[header, encodeHeaderValue(typeof value === 'string' ? value : JSON.stringify(value))]],
    ),
  )
}
