/**
 * The kinds of things whose change is announced. `gateway` means its own row and state; `gateway_items` that any number of its
 * tools, prompts and resources changed (the whole part is read again); `user` also that its memberships or roles did; `roots` that any
 * of them changed, whatever the id; the others name one thing.
 */
export type ChangeKind =
  'gateway' | 'gateway_items' | 'tool' | 'prompt' | 'resource' | 'server' | 'token' | 'user' | 'team' | 'role' | 'roots'

export interface Change {
  readonly seq: number
  readonly kind: ChangeKind
  readonly id: string
}
