import type { Foresee } from '#/api/dry-run.ts'
import { buildSnapshot } from '#/catalog/build.ts'
import { effectsOf } from '#/catalog/effects.ts'

/** Dry runs over an empty catalog: nobody has anything to gain or lose. */
export const foresee: Foresee = (after, asking, kind = 'tool') => effectsOf(buildSnapshot({}), { after, asking, kind })
