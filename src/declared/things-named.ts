import { homeTeam } from '#/access/place.ts'
import type { Visibility } from '#/access/principal.ts'
import { meant } from '#/api/namesake.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { foldCase } from '#/lib/fold-case.ts'
import { slugify } from '#/lib/slug.ts'
import type { Applying, Existing } from './step.ts'

const KINDS = {
  gateway: { what: 'gateways', keyOf: slugify, permission: 'gateways.create' },
  server: { what: 'virtual servers', keyOf: foldCase, permission: 'servers.create' },
} as const

/** Gateways or virtual servers of whom whoever applies sees what bears a name. What is hidden is as good as absent. */
export class ThingsNamed {
  readonly #kind: keyof typeof KINDS
  readonly #applying: Applying
  readonly #bearers: ReadonlyMap<string, readonly Existing[]>

  constructor(kind: keyof typeof KINDS, applying: Applying, existing: readonly Existing[]) {
    this.#kind = kind
    this.#applying = applying
    const { visibilityClass } = applying.principal
    const things = existing.filter((one) => one.kind === kind && visibilityClass.sees(one))
    this.#bearers = Map.groupBy(things, ({ name }) => KINDS[kind].keyOf(name))
  }

  /**
   * The one that a set declares by this name: what it declared before, else what stands where it would make it. Of gateways only one that
   * is `public` has a name, wherever it stands.
   */
  declared(name: string, visibility?: Visibility): Existing | undefined {
    const bearers = this.#called(name)
    const { set, principal } = this.#applying
    const home = { ownerId: principal.userId, teamId: homeTeam(principal, KINDS[this.#kind].permission) }
    const there = bearers.find((one) => one.set === set) ?? meant(bearers, home)
    return there ?? (visibility === 'public' ? bearers.find((one) => one.visibility === visibility) : undefined)
  }

  /** The one that is spoken of by this name, where the set declares none of it: it must be the only one. */
  only(name: string, field: string): Existing | undefined {
    const bearers = this.#called(name)
    const own = bearers.find((one) => one.set === this.#applying.set)
    if (own !== undefined || bearers.length < 2) return own ?? bearers[0]
    const ids = bearers.map(({ id }) => id).join(', ')
    throw new GatewayError(
      'invalid_field',
      `${field}: there are ${bearers.length} ${KINDS[this.#kind].what} ${JSON.stringify(name)} (${ids}): give the one that is meant a name of its own`,
      { field },
    )
  }

  #called(name: string): readonly Existing[] {
    return this.#bearers.get(KINDS[this.#kind].keyOf(name)) ?? []
  }
}
