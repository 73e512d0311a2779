/** Every revision we speak, oldest first. */
export const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const
export type Revision = (typeof REVISIONS)[number]

/** legacy: initialize and sessions; modern: each request carries its own context. */
export type Era = 'legacy' | 'modern'

export const MODERN_REVISION = '2026-07-28' satisfies Revision
export const NEWEST_LEGACY = '2025-11-25' satisfies Revision
export type LegacyRevision = Exclude<Revision, typeof MODERN_REVISION>

export function isRevision(value: unknown): value is Revision {
  return (REVISIONS as readonly unknown[]).includes(value)
}

export function eraOf(revision: Revision): Era {
  return revision === MODERN_REVISION ? 'modern' : 'legacy'
}
