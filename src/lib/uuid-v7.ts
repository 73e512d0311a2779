import { randomInt, randomUUID } from 'node:crypto'

const COUNTER_BITS = 30
/** Begins in its lower half, so that it does not overflow in the millisecond in which it began. */
const COUNTER_START = 2 ** (COUNTER_BITS - 1)
const LOW_BITS = 18

/**
 * The 32 lower-case hex digits of UUIDs of version 7 (RFC 9562): the milliseconds, a counter for those of one millisecond, and chance. What
 * one process makes sorts in the order in which it was made, also where its clock is set back.
 */
export function uuidMaker(clock: () => number): () => string {
  let ms = 0
  let counter = 0
  return () => {
    const now = clock()
    if (now > ms) {
      ms = now
      counter = randomInt(COUNTER_START)
    } else if (++counter === 2 ** COUNTER_BITS) {
      ms++
      counter = 0
    }
    const high = counter >>> LOW_BITS
    // Two bits that say which variant, and the rest of the counter.
    const low = 0x8_0000 | (counter & (2 ** LOW_BITS - 1))
    return `${hex(ms, 12)}7${hex(high, 3)}${hex(low, 5)}${randomUUID().slice(-11)}`
  }
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
