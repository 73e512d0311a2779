import { keyIdOf, sealer, type KeyRing, type Sealer } from './sealing.ts'

/** A sealer whose ring is exchanged while it is in use. */
export interface RotatingSealer extends Sealer {
  /** Takes the ring as it is kept now; where it cannot be read, the one before stays. */
  reload(): void
}

/** A text under a key that nobody has makes us look for it at most this often. */
const AGAIN_MS = 1_000

/**
 * Whoever seals under a new key has put it where the ring is kept before. So a text under a key that is not known here is the sign to
 * read the ring again, and nobody has to be told in time.
 */
export function rotatingSealer(first: KeyRing, read: () => KeyRing, now = () => performance.now()): RotatingSealer {
  let inner = sealer(first)
  let readAt = Number.NEGATIVE_INFINITY
  const reload = (): void => {
    readAt = now()
    try {
      inner = sealer(read())
    } catch {
      // Being replaced, or damaged: what is known still opens what it sealed, and the next start says what is wrong.
    }
  }
  const knowing = (sealed: string): Sealer => {
    const id = keyIdOf(sealed)
    if (id !== null && !inner.keyIds.includes(id) && now() - readAt >= AGAIN_MS) reload()
    return inner
  }
  return {
    get currentKeyId() {
      return inner.currentKeyId
    },
    get keyIds() {
      return inner.keyIds
    },
    seal: (purpose, plain, keyId) => inner.seal(purpose, plain, keyId),
    open: (purpose, sealed) => knowing(sealed).open(purpose, sealed),
    tryOpen: (purpose, sealed) => inner.tryOpen(purpose, sealed) ?? knowing(sealed).tryOpen(purpose, sealed),
    reload,
  }
}
