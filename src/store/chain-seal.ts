import { hash, timingSafeEqual } from 'node:crypto'
import type { SealedLink, Seals, SealedPlace } from '#/audit/seals.ts'

/** Bytes of the two codes at the beginning of a seal, and of the state of a chain. */
const CODE = 16
const STATE = 32

type Log = 'audit' | 'security'

/**
 * How the links of one log are sealed. A seal says three things, each with a code that only the key makes: that the record is ours; that
 * it has this number and comes after that one; and the state of the chain behind it, masked. A state is made of the one before, so who
 * does not know the newest, which is overwritten with each record, cannot make an older end the newest again.
 */
export function sealsOf(log: Log): Seals {
  const code = (key: Buffer, what: string, ...parts: readonly Buffer[]): Buffer =>
    hmac(key, Buffer.concat([Buffer.from(`${log} ${what}\0`), ...parts]))
  const contentOf = (key: Buffer, { recordHash }: SealedPlace): Buffer =>
    code(key, 'content', recordHash).subarray(0, CODE)
  const placeOf = (key: Buffer, content: Buffer, { seq, previous }: SealedPlace): Buffer =>
    code(key, 'place', content, numbers(seq, previous)).subarray(0, CODE)
  const stateAfter = (key: Buffer, before: Buffer, at: { readonly place: Buffer; readonly head: Buffer }): Buffer =>
    code(key, 'state', before, at.place, at.head)
  const masked = (key: Buffer, state: Buffer, place: Buffer): Buffer => xor(state, code(key, 'mask', place))
  return {
    start: (key, { seq, head }) => code(key, 'start', numbers(seq), head),
    link: (key, before, at): SealedLink => {
      const content = contentOf(key, at)
      const place = placeOf(key, content, at)
      const state = stateAfter(key, before, { place, head: at.head })
      return { state, seal: Buffer.concat([content, place, masked(key, state, place)]) }
    },
    read: (key, seal, at) => {
      if (seal.length !== 2 * CODE + STATE) return null
      const [content, place] = [seal.subarray(0, CODE), seal.subarray(CODE, 2 * CODE)]
      return {
        isOurs: timingSafeEqual(content, contentOf(key, at)),
        isHere: timingSafeEqual(place, placeOf(key, content, at)),
        state: masked(key, seal.subarray(2 * CODE), place),
        follows: (before) => stateAfter(key, before, { place, head: at.head }),
      }
    },
    stateIn: (key, seal) => masked(key, seal.subarray(2 * CODE), seal.subarray(CODE, 2 * CODE)),
    proof: (key, { seq, head }, seal) => code(key, 'kept', numbers(seq), seal, head).subarray(0, CODE),
  }
}

function numbers(...all: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * all.length)
  for (const [index, number] of all.entries()) bytes.writeBigInt64BE(BigInt(number), 8 * index)
  return bytes
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)))
}

const BLOCK = 64
const pads = new WeakMap<Buffer, { readonly inner: Buffer; readonly outer: Buffer }>()

/** HMAC-SHA-256 of two one-shot hashes: a fifth of what an object of the library takes, of which each record needs four. */
export function hmac(key: Buffer, text: Buffer): Buffer {
  let pad = pads.get(key)
  if (pad === undefined) {
    if (key.length > BLOCK) throw new RangeError('a key of the audit log is no longer than a block')
    const block = Buffer.concat([key, Buffer.alloc(BLOCK - key.length)])
    pad = { inner: Buffer.from(block.map((byte) => byte ^ 0x36)), outer: Buffer.from(block.map((byte) => byte ^ 0x5c)) }
    pads.set(key, pad)
  }
  const inner = hash('sha256', Buffer.concat([pad.inner, text]), 'buffer')
  return hash('sha256', Buffer.concat([pad.outer, inner]), 'buffer')
}
