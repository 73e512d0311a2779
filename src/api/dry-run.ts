import { Type } from './type.ts'
import type { Effect, Effects } from '#/access/effects.ts'
import type { ItemKind, Otherwise } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import type { Reply } from './endpoint.ts'

/** What a change of access takes that can also be asked what it would do; spread into its query. */
export const DryRunQuery = {
  dry_run: Type.Optional(
    Type.Boolean({
      description:
        'true: nothing is changed, and the answer says who would gain and who would lose the use of which tool: {dry_run, gains, loses, totals, unnamed, users, is_complete, notes}',
    }),
  ),
}

/** Who would gain and who would lose the use of what (tools, unless it says something else), if this were so. */
export type Foresee = (then: Otherwise, asking: Principal, kind?: ItemKind) => Promise<Effects>

/** Where a change is written: `store`, or `rehearsal`, which takes it back. What the change is refused for, its dry run is. */
export function writerFor<Writer>(
  { store, rehearsal }: { readonly store: Writer; readonly rehearsal: Writer },
  { dry_run: isDry }: { readonly dry_run?: boolean },
): Writer {
  return isDry === true ? rehearsal : store
}

interface Asking {
  readonly asking: Principal
  readonly kind?: ItemKind
  readonly notes?: readonly string[]
}

/** The answer of a dry run to what would be. */
export async function foreseen(
  { foresee }: { readonly foresee: Foresee },
  then: Otherwise,
  { asking, kind, notes }: Asking,
): Promise<Reply> {
  return dryRunReply(await foresee(then, asking, kind), notes)
}

/** The answer of a dry run, whatever the change itself would be answered with. Notes say what cannot be known before. */
export function dryRunReply(effects: Effects, notes: readonly string[] = []): Reply {
  return { status: 200, body: { dry_run: true, ...dryRunView(effects, notes) } }
}

export function dryRunView(effects: Effects, notes: readonly string[]): Readonly<Record<string, unknown>> {
  const cut = `only ${effects.users} users were asked about: more are concerned than one answer holds`
  return { ...effectsView(effects), notes: effects.isCut ? [...notes, cut] : notes }
}

/** `{user, tool, tool_id}`, and the token or the virtual server where only that is concerned. */
export function effectsView(effects: Effects): Readonly<Record<string, unknown>> {
  const { kind, gains, loses, totals, unnamed, users, next, isCut } = effects
  const view = ({ user, tokenId, server, item }: Effect) => ({
    user,
    ...(tokenId !== null && { token_id: tokenId }),
    ...(server !== null && { server: server.name, server_id: server.id }),
    [kind]: item.name,
    [`${kind}_id`]: item.id,
  })
  return {
    gains: gains.map(view),
    loses: loses.map(view),
    totals,
    unnamed,
    users,
    is_complete: next === null && !isCut,
  }
}
