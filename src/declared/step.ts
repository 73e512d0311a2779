import type { Rights } from '#/access/narrowing.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { Namesake } from '#/api/namesake.ts'

export type Kind = 'gateway' | 'server' | 'token'

/** A field that differs, by its name in the file. What is secret is masked. */
export interface Change {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
}

/** What a step came to. */
export interface Ran {
  readonly id: string
  /** What whoever applies should know, though nothing went wrong. */
  readonly note: string | null
}

/** One thing of a set, and what is to be done so that it is as declared. Made by planning, which changes nothing. */
export interface Step {
  readonly action: 'create' | 'change' | 'remove' | 'keep'
  readonly kind: Kind
  readonly name: string
  /** null: it does not exist yet. */
  readonly id: string | null
  readonly changes: readonly Change[]
  readonly note: string | null
  /** What decides access once it is done, after a rehearsal. Throws what doing it would be refused for. */
  readonly outcome: () => Promise<Otherwise>
  /** What of that is not known before; null: nothing. */
  readonly unknown: string | null
  readonly run: () => Promise<Ran>
}

/** Who applies a set. */
export interface Applying {
  readonly principal: Principal
  /** How far the tokens may go that they declare. */
  readonly held: Rights
  readonly set: string
  readonly request: RequestContext
}

/** What there is already under a name, or was declared by the set before. */
export interface Existing extends Namesake {
  readonly kind: Kind
  readonly name: string
  /** The set that declared it; null: it was made by hand. */
  readonly set: string | null
}

/** Whose it was, where that is not the set that declares it now. */
export function takenOver({ set: from }: Existing, { set: to }: Applying): readonly Change[] {
  return from === to ? [] : [{ field: 'declared_by', from: from ?? 'by hand', to }]
}

/** `passthroughHeaders` → `passthrough_headers`, as files have it. */
export function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** What differs of two records that name the same fields. */
export function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly Change[] {
  return Object.keys(after)
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => ({ field: snake(name), from: before[name] ?? null, to: after[name] ?? null }))
}
