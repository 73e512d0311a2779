import type { Percentiles } from './results.ts'

/** Buckets per power of two: the middle of one is at most 1/128 from any value in it. */
const PER_OCTAVE = 64
const PER_OCTAVE_BITS = 6
/** 2³⁰ µs, a quarter of an hour; what is longer counts as that, but for the maximum. */
const LONGEST = 2 ** 30 - 1
const BUCKETS = (30 - PER_OCTAVE_BITS + 1) * PER_OCTAVE

/** Serialisable: the buckets that are not empty, as index, count, index, count, …; times in microseconds. */
export interface HistogramParts {
  readonly buckets: readonly number[]
  readonly sum: number
  readonly max: number
}

/** Durations in log-linear buckets of microseconds: any number of them in one size, mergeable, off by less than 1 %. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #sum = 0
  #max = 0

  /** @param ms less than nothing counts as nothing: two clocks may differ by a hair. */
  add(ms: number): void {
    const micros = Math.max(0, Math.round(ms * 1000))
    const at = bucketOf(Math.min(micros, LONGEST))
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#count++
    this.#sum += micros
    if (micros > this.#max) this.#max = micros
  }

  merge({ buckets, sum, max }: HistogramParts): this {
    for (let n = 0; n < buckets.length; n += 2) {
      const at = buckets[n] as number
      const count = buckets[n + 1] as number
      this.#counts[at] = (this.#counts[at] ?? 0) + count
      this.#count += count
    }
    this.#sum += sum
    this.#max = Math.max(this.#max, max)
    return this
  }

  parts(): HistogramParts {
    const buckets: number[] = []
    this.#counts.forEach((count, at) => count > 0 && buckets.push(at, count))
    return { buckets, sum: this.#sum, max: this.#max }
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = this.#sum = this.#max = 0
  }

  /** Milliseconds; 0 where there is nothing. The highest is exact. */
  at(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count))
    if (rank >= this.#count) return this.#max / 1000
    let seen = 0
    for (let at = 0; at < BUCKETS; at++) {
      seen += this.#counts[at] as number
      if (seen >= rank) return Math.min(middleOf(at), this.#max) / 1000
    }
    return this.#max / 1000
  }

  percentiles(): Percentiles {
    return {
      count: this.#count,
      p50: this.at(0.5),
      p90: this.at(0.9),
      p99: this.at(0.99),
      p999: this.at(0.999),
      max: this.#max / 1000,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count / 1000,
    }
  }
}

function bucketOf(micros: number): number {
  if (micros < PER_OCTAVE) return micros
  const shift = 31 - Math.clz32(micros) - PER_OCTAVE_BITS
  return shift * PER_OCTAVE + (micros >>> shift)
}

function middleOf(bucket: number): number {
  if (bucket < 2 * PER_OCTAVE) return bucket
  const shift = Math.floor(bucket / PER_OCTAVE) - 1
  return (bucket - shift * PER_OCTAVE + 0.5) * 2 ** shift - 0.5
}
