import { randomBytes, randomUUID } from 'node:crypto'
import { checkKeyRing } from '#/access/canaries.ts'
import { sealer as sealerOf, type KeyRing } from '#/access/sealing.ts'
import type { Actor } from '#/api/actor.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { pause } from '#/lib/backoff.ts'
import { auditKeyMaker } from './audit-key.ts'
import { SEALED_PLACES, type KeyDeps, type Rotation, type SealedPlace } from './keys.ts'

const LEASE_MS = 60_000
/** How long a change waits for another one to end. */
const TURN_MS = 10_000
const SLICE = 200
/** Another worker may seal a text under the key before for as long as it has not read the ring again. */
const PASSES = 20
const PAUSE_MS = 250

/** A new key in the ring that seals nothing yet: for other machines at the same database to be given first. */
export async function addKey(deps: KeyDeps, actor: Actor): Promise<string> {
  return await alone(deps, async () => {
    const id = await added(deps)
    await deps.store.added(id, actor)
    return id
  })
}

/**
 * Seals everything anew under another key: a new one, or `to`, which is in the ring already. First every worker can know the key, then
 * new texts are sealed under it, then the old ones are sealed anew, a few at a time; whatever is read meanwhile opens. Ended halfway, the
 * same again completes it.
 */
export async function rotateKeys(deps: KeyDeps, actor: Actor, to?: string): Promise<Rotation> {
  return await alone(deps, async (goOn) => {
    const { ring, store } = deps
    const { current: from, keys } = ring.read()
    if (to !== undefined && !keys.has(to))
      throw new GatewayError('invalid_field', `to: the ring has no key '${to}'`, { field: 'to' })
    const chosen = to ?? (await added(deps))
    await replaceRing(deps, { ...ring.read(), current: chosen })
    const rotation = { from, to: chosen, resealed: await resealAll(deps, chosen, goOn) }
    await store.rotated(rotation, actor, auditKeyMaker(deps.sealer))
    return rotation
  })
}

/** Takes a key out of the ring that seals nothing any more. Sessions and cursors that it sealed end. */
export async function forgetKey(deps: KeyDeps, actor: Actor, keyId: string): Promise<void> {
  await alone(deps, async () => {
    const { current, keys } = deps.ring.read()
    if (!keys.has(keyId)) throw new GatewayError('not_found', `the ring has no key '${keyId}'`)
    if (keyId === current)
      throw new GatewayError('conflict', `'${keyId}' is the key that everything is sealed under: rotate first`)
    const sealed = (await deps.store.counts()).get(keyId) ?? 0
    if (sealed > 0)
      throw new GatewayError(
        'conflict',
        `${sealed} texts are sealed under '${keyId}': rotate first, and they are sealed anew`,
      )
    await deps.store.forgotten(keyId, actor)
    await replaceRing(deps, { current, keys: new Map([...keys].filter(([id]) => id !== keyId)) })
  })
}

async function added(deps: KeyDeps): Promise<string> {
  const { current, keys } = deps.ring.read()
  const id = randomBytes(4).toString('hex')
  const ring = { current, keys: new Map([...keys, [id, new Uint8Array(randomBytes(32))]]) }
  await replaceRing(deps, ring)
  // From now on no start takes this database for its own without the key.
  await checkKeyRing(sealerOf(ring), deps.canaries)
  return id
}

async function replaceRing({ ring, sealer }: KeyDeps, anew: KeyRing): Promise<void> {
  await ring.replace(anew)
  sealer.reload()
  ring.tell()
}

async function resealAll(deps: KeyDeps, keyId: string, goOn: () => Promise<void>): Promise<number> {
  let resealed = 0
  for (let stragglers = 0; stragglers < PASSES;) {
    let [found, done] = [0, 0]
    for (const place of Object.keys(SEALED_PLACES) as SealedPlace[]) {
      const slice = await deps.store.others(place, keyId, SLICE)
      found += slice.length
      if (slice.length > 0) done += await reseal(deps, place, slice)
      await goOn()
    }
    if (found === 0) return resealed
    resealed += done
    if (done >= SLICE) continue
    stragglers++
    await pause(PAUSE_MS)
  }
  const who = 'a worker or a machine that does not know this one'
  throw new GatewayError('conflict', `secrets are still being sealed under another key, by ${who}`)
}

type Slice = Awaited<ReturnType<KeyDeps['store']['others']>>

async function reseal({ store, sealer }: KeyDeps, place: SealedPlace, texts: Slice): Promise<number> {
  const anew = texts.map(({ id, sealed }) => {
    const purpose = SEALED_PLACES[place] + id
    return { id, sealed, anew: sealer.seal(purpose, sealer.open(purpose, sealed)) }
  })
  return await store.replace(place, anew)
}

/** Two changes at once would each take the other's keys out of the file: the later one waits for its turn. */
async function alone<T>({ store }: KeyDeps, work: (goOn: () => Promise<void>) => Promise<T>): Promise<T> {
  const holder = randomUUID()
  const until = performance.now() + TURN_MS
  while (!(await store.claim(holder, LEASE_MS))) {
    if (performance.now() > until) throw busy()
    await pause(PAUSE_MS)
  }
  try {
    return await work(async () => {
      if (!(await store.claim(holder, LEASE_MS))) throw busy()
    })
  } finally {
    await store.release(holder)
  }
}

function busy(): GatewayError {
  return new GatewayError('conflict', 'keys are being changed just now: try again when that is done', { retryAfter: 5 })
}
