import type { Json } from './api.ts'
import { plainText } from './terminal.ts'

/** What things that are shown together are called: beside a name that several of them have, what tells each from the others. */
export function toldApart(
  things: readonly Json[],
  nameOf: (thing: Json) => string,
  tellOf: (thing: Json) => string = ({ id }) => plainText(id),
): readonly string[] {
  const names = things.map(nameOf)
  const byName = Map.groupBy(things, nameOf)
  return things.map((one, n) => {
    const name = names[n] ?? ''
    const alike = new Set((byName.get(name) ?? []).map(tellOf))
    return alike.size > 1 ? `${name} (${tellOf(one)})` : name
  })
}

/** An id, and whose it is: enough for people to say which they mean. */
export function idAndOwner({ id, visibility, ownerEmail }: Json): string {
  const isOwned = ownerEmail !== undefined && ownerEmail !== null
  const whose = isOwned ? [`${plainText(visibility)} of ${plainText(ownerEmail)}`] : []
  return [plainText(id), ...whose].join(', ')
}
