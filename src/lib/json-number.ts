import { DOT, MINUS, isDigit } from './json-bytes.ts'

const START = 0
const MINUS_SEEN = 1
const ZERO = 2
const INTEGER = 3
const DOT_SEEN = 4
const FRACTION = 5
const EXPONENT_MARK = 6
const EXPONENT_SIGN = 7
const EXPONENT = 8

/** Checks a JSON number whose bytes may arrive in pieces. */
export class NumberCheck {
  #state = START

  begin(): void {
    this.#state = START
  }

  /** Takes what belongs to the number; returns the index of the first byte that does not, or the end of the bytes. */
  push(bytes: Uint8Array, from: number): number {
    let i = from
    let state = this.#state
    for (; i < bytes.length; i++) {
      const c = bytes[i]!
      if ((state === INTEGER || state === FRACTION) && isDigit(c)) continue
      const next = after(state, c)
      if (next === START) break
      state = next
    }
    this.#state = state
    return i
  }

  /** True where the number may end. */
  get whole(): boolean {
    const state = this.#state
    return state === ZERO || state === INTEGER || state === FRACTION || state === EXPONENT
  }
}

/** The state after one more byte; START where that byte cannot follow. */
function after(state: number, c: number): number {
  if (isDigit(c)) return afterDigit(state, c)
  if (c === MINUS) return state === START ? MINUS_SEEN : state === EXPONENT_MARK ? EXPONENT_SIGN : START
  if (c === DOT) return state === ZERO || state === INTEGER ? DOT_SEEN : START
  if (c === 0x2b) return state === EXPONENT_MARK ? EXPONENT_SIGN : START
  if (c !== 0x65 && c !== 0x45) return START
  return state === ZERO || state === INTEGER || state === FRACTION ? EXPONENT_MARK : START
}

function afterDigit(state: number, c: number): number {
  switch (state) {
    case START:
    case MINUS_SEEN:
      return c === 0x30 ? ZERO : INTEGER
    case ZERO:
      return START
    case INTEGER:
      return INTEGER
    case DOT_SEEN:
    case FRACTION:
      return FRACTION
    default:
      return EXPONENT
  }
}
