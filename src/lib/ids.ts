import { uuidMaker } from './uuid-v7.ts'

declare const kind: unique symbol

/** 32 lower-case hex characters on the wire (UUIDv7 without dashes, so ids sort by age). */
export type Id<Kind extends string> = string & { readonly [kind]: Kind }

export interface IdKind<I extends Id<string>> {
  is(value: unknown): value is I
  mint(): I
}

const FORM = /^[0-9a-f]{32}$/

const mint = uuidMaker(Date.now)

/** One kind of id: its guard and its mint. The kind exists only for the compiler. */
export function defineId<I extends Id<string>>(): IdKind<I> {
  return {
    is: (value): value is I => typeof value === 'string' && FORM.test(value),
    mint: () => mint() as I,
  }
}
