import { homeTeam } from '#/access/place.ts'
import { meant } from '#/api/namesake.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { foldCase } from '#/lib/fold-case.ts'
import type { Applying, Existing } from './step.ts'

/** Virtual servers of whom whoever applies sees what bears a name. What is hidden is as good as absent. */
export class ServersNamed {
  readonly #applying: Applying
  readonly #bearers: ReadonlyMap<string, readonly Existing[]>

  constructor(applying: Applying, existing: readonly Existing[]) {
    this.#applying = applying
    const { visibilityClass } = applying.principal
    const servers = existing.filter((one) => one.kind === 'server' && visibilityClass.sees(one))
    this.#bearers = Map.groupBy(servers, ({ name }) => foldCase(name))
  }

  /** The one that a set declares by this name: what it declared before, else what stands where it would make it. */
  declared(name: string): Existing | undefined {
    const bearers = this.#bearers.get(foldCase(name)) ?? []
    const { set, principal } = this.#applying
    const home = { ownerId: principal.userId, teamId: homeTeam(principal, 'servers.create') }
    return bearers.find((one) => one.set === set) ?? meant(bearers, home)
  }

  /** The one that is spoken of by this name, where the set declares none of it: it must be the only one. */
  only(name: string, field: string): Existing | undefined {
    const bearers = this.#bearers.get(foldCase(name)) ?? []
    const own = bearers.find((one) => one.set === this.#applying.set)
    if (own !== undefined || bearers.length < 2) return own ?? bearers[0]
    const ids = bearers.map(({ id }) => id).join(', ')
    throw new GatewayError(
      'invalid_field',
      `${field}: there are ${bearers.length} virtual servers ${JSON.stringify(name)} (${ids}): give the one that is meant a name of its own`,
      { field },
    )
  }
}
