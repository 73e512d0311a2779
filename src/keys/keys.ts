import type { CanaryStore } from '#/access/canaries.ts'
import type { RotatingSealer } from '#/access/rotating-sealer.ts'
import type { KeyRing } from '#/access/sealing.ts'
import type { Actor } from '#/api/actor.ts'
import { AUDIT_KEY, type MakeAuditKey } from './audit-key.ts'

/** Where sealed texts are kept, and what ties each to its place: the purpose is the prefix and the id of the row. */
export const SEALED_PLACES = {
  'gateways.credential': 'credential:',
  'gateways.env': 'env:',
  'gateways.client_key': 'client-key:',
  'tools.credential': 'credential:',
  'audit_keys.sealed': AUDIT_KEY,
} as const
export type SealedPlace = keyof typeof SEALED_PLACES

export interface SealedText {
  readonly id: string
  readonly sealed: string
}

export interface ResealedText extends SealedText {
  /** What takes its place, should it still be there. */
  readonly anew: string
}

/** What looking after keys needs of storage. */
export interface KeyStore {
  /** How many texts of all places are under each key. */
  counts(): Promise<ReadonlyMap<string, number>>
  /** Some of those that are under another key than this one. */
  others(place: SealedPlace, keyId: string, limit: number): Promise<readonly SealedText[]>
  /** Answers how many were still as they had been read. */
  replace(place: SealedPlace, texts: readonly ResealedText[]): Promise<number>
  /** The record of a key that is new in the ring. */
  added(keyId: string, actor: Actor): Promise<void>
  /** The record of a rotation, after which the audit log is sealed with a new key, too. */
  rotated(rotation: Rotation, actor: Actor, make: MakeAuditKey): Promise<void>
  /** A database that has no text under the key no longer asks for it at a start. */
  forgotten(keyId: string, actor: Actor): Promise<void>
  /** One rotation at a time, on all machines. false: another one is under way. */
  claim(holder: string, ms: number): Promise<boolean>
  release(holder: string): Promise<void>
}

export interface Rotation {
  readonly from: string
  readonly to: string
  /** How many texts were sealed anew. */
  readonly resealed: number
}

/** The ring as it is kept: whoever reads it sees all of it, before or after a change. */
export interface RingKeeper {
  read(): KeyRing
  replace(ring: KeyRing): Promise<void>
  /** Tells the other workers of this machine to read it again. */
  tell(): void
}

export interface KeyDeps {
  readonly store: KeyStore
  readonly canaries: CanaryStore
  readonly ring: RingKeeper
  readonly sealer: RotatingSealer
}
