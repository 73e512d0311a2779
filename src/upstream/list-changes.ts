import type { Json } from './messages.ts'

export const FOLLOWED_KINDS = ['tools', 'prompts', 'resources'] as const
export type FollowedKind = (typeof FOLLOWED_KINDS)[number]

const CHANGES = new Map<unknown, FollowedKind>(
  FOLLOWED_KINDS.map((kind) => [`notifications/${kind}/list_changed`, kind]),
)

/** The list whose change a message announces, if that is what it does. */
export function changedList(message: Json): FollowedKind | undefined {
  return message['id'] === undefined ? CHANGES.get(message['method']) : undefined
}
