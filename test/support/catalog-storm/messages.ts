import type { SeedOptions } from '../seed-catalog.ts'

/** Milliseconds since the epoch, finer than Date. One machine, one clock. */
export const now = (): number => performance.timeOrigin + performance.now()

export interface StormOptions {
  readonly url: string
  readonly seed: SeedOptions
  readonly writers: number
  readonly keepers: number
  /** Changes per second of all writers together. */
  readonly perSecond: number
  readonly seconds: number
  /** A writer is killed inside a transaction, and another between two, this often. */
  readonly killEveryMs: number
  /** False: nobody tells the keepers, they poll. */
  readonly notify: boolean
}

export interface WriterOptions {
  readonly url: string
  readonly seed: SeedOptions
  readonly perSecond: number
  /** After so many changes it stops inside a transaction, says so and waits to be killed. */
  readonly stallAfter: number
}

export type WriterMessage =
  | { readonly kind: 'committed'; readonly seq: number; readonly at: number }
  | { readonly kind: 'inside' }
  | { readonly kind: 'failed'; readonly message: string }

export type KeeperCommand =
  | { readonly kind: 'wake'; readonly seq: number }
  | { readonly kind: 'measure' }
  | { readonly kind: 'finish'; readonly seq: number }

export type KeeperMessage = { readonly kind: 'ready'; readonly loadMs: number; readonly load: Stalls } | KeeperReport

export interface KeeperReport {
  readonly kind: 'report'
  /** Each number that the snapshot came to have, and when. */
  readonly reached: readonly (readonly [seq: number, at: number])[]
  readonly stalls: Stalls
  readonly listMs: readonly number[]
  /** SHA-256 over the whole state, and over what a fresh load of the same process gives. */
  readonly digest: string
  readonly fresh: string
}

/** Longest turns of the event loop, in ms. */
export interface Stalls {
  /** By the clock on the wall: includes time in which the machine ran somebody else. */
  readonly wall: number
  /** CPU that this thread used meanwhile: what our own code and its garbage collection took. */
  readonly cpu: number
  readonly turns: number
}
