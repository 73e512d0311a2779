import type { Range } from './scenario.ts'

/** What a user draws: the same for the same seed and user, whatever else happens. (Algorithm: mulberry32.) */
export class Random {
  #state: number

  constructor(seed: number, stream: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  between([from, to]: Range): number {
    return from + this.next() * (to - from)
  }

  /** So that events come at this rate, independently of each other. */
  gapOf(perSecond: number): number {
    return -Math.log(1 - this.next()) / perSecond
  }

  oneOf<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)]
  }

  /** Whether it happens, with this many chances of 100. */
  hits(share: number): boolean {
    return share > 0 && this.next() * 100 < share
  }

  weighted<T extends { readonly share: number }>(items: readonly T[]): T | undefined {
    return atShare(items, this.next())
  }
}

/** The item that lies at this point of all shares laid side by side; `point` is from 0 to below 1. */
export function atShare<T extends { readonly share: number }>(items: readonly T[], point: number): T | undefined {
  const total = items.reduce((sum, { share }) => sum + share, 0)
  let left = point * total
  return items.find(({ share }) => (left -= share) < 0)
}

/** A point for each of any number of users, so that any part of them is spread evenly. (Weyl sequences.) */
export const evenPoint = (user: number, sequence: 'client' | 'stream'): number =>
  (user * { client: 0.6180339887498949, stream: 0.7548776662466927 }[sequence]) % 1
