import { isPlainObject } from './plain-object.ts'

/**
 * Whether a client's declared capabilities (raw JSON) have all that an error of a missing capability asks for. Where the error
 * does not say what is missing, a client that declares anything at all is taken to have it.
 */
export function declaresAll(declared: Buffer | undefined, error: Buffer): boolean {
  const has: unknown = declared && JSON.parse(declared.toString())
  if (!isPlainObject(has)) return false
  const { data } = (JSON.parse(error.toString()) as { error: { data?: unknown } }).error
  const wanted = isPlainObject(data) ? data['requiredCapabilities'] : undefined
  if (!isPlainObject(wanted) || Object.keys(wanted).length === 0) return Object.keys(has).length > 0
  return covers(withForms(has), withForms(wanted))
}

function covers(has: unknown, wanted: unknown): boolean {
  if (!isPlainObject(wanted)) return has !== undefined
  return isPlainObject(has) && Object.entries(wanted).every(([key, value]) => covers(own(has, key), value))
}

function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Elicitation without a mode means forms. */
function withForms(capabilities: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const elicitation = own(capabilities, 'elicitation')
  const bare = isPlainObject(elicitation) && Object.keys(elicitation).length === 0
  return bare ? { ...capabilities, elicitation: { form: {} } } : capabilities
}
