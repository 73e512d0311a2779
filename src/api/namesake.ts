import type { Owned } from '#/access/principal.ts'

/** One of several things that may bear one name. Times are ISO 8601, so that they compare as text. */
export interface Namesake extends Owned {
  readonly id: string
  readonly createdAt: string
}

/**
 * Which of the things that bear a name is meant by who says no more than the name, and would make it at `home` if there were none: the
 * one that is theirs there, else the oldest that is shown to others there. What stands in another team is another thing.
 */
export function meant<T extends Namesake>(
  bearers: readonly T[],
  home: Pick<Owned, 'ownerId' | 'teamId'>,
): T | undefined {
  const there = bearers.filter(({ teamId }) => teamId === home.teamId).toSorted(byAge)
  return (
    there.find(({ ownerId }) => ownerId !== null && ownerId === home.ownerId) ??
    there.find(({ visibility }) => visibility !== 'private')
  )
}

const byAge = (a: Namesake, b: Namesake): number => (textOf(a) < textOf(b) ? -1 : 1)
const textOf = ({ createdAt, id }: Namesake): string => `${createdAt} ${id}`
