import { JsonFault } from '#/lib/json-fault.ts'
import { readObject, writeObject, type ObjectMember, type ObjectText } from '#/lib/json-object.ts'
import { isPlainObject } from './plain-object.ts'
import type { Era } from './revision.ts'

/** What we say in place of the server; absent or null keeps the server's word. */
export interface NewNames {
  readonly name?: string | null
  readonly title?: string | null
  readonly description?: string | null
}

export type RenamedDefinition =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }

/**
 * A tool, prompt or resource as its server defined it, as clients of one era may read it. Other bytes stay as they are.
 * A definition that two parsers could read differently is refused.
 */
export function renameDefinition(text: string, names: NewNames, era: Era): RenamedDefinition {
  try {
    const definition = readObject(Buffer.from(text))
    const changes = new Map<string, Buffer | null>()
    for (const key of ['name', 'title', 'description'] as const) {
      const value = names[key]
      if (value !== undefined && value !== null) changes.set(key, Buffer.from(JSON.stringify(value)))
    }
    for (const member of definition.members) if (isForeign(definition, member, era)) changes.set(member.key, null)
    return { ok: true, text: changes.size === 0 ? text : writeObject(definition, changes).toString('utf8') }
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault
    return { ok: false, why: fault.message }
  }
}

/** Members that the era's clients would refuse: legacy output is always an object, and modern tools have no `execution`. */
function isForeign(definition: ObjectText, member: ObjectMember, era: Era): boolean {
  if (era === 'modern') return member.key === 'execution'
  if (member.key !== 'outputSchema') return false
  const schema: unknown = JSON.parse(definition.bytes.toString('utf8', member.at, member.end))
  return !isPlainObject(schema) || schema['type'] !== 'object'
}
