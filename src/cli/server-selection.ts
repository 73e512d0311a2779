import type { Api, Json } from './api.ts'
import { find, findEach, idOf, type FindKind } from './find.ts'
import { plainText } from './terminal.ts'

/** What is named on the command line to be part of a virtual server. */
export interface Named {
  readonly tool?: readonly string[]
  readonly resource?: readonly string[]
  readonly prompt?: readonly string[]
  /** All that these servers offer. */
  readonly from?: readonly string[]
}

const PARTS = [
  { kind: 'tool', path: 'tools', field: 'associatedTools' },
  { kind: 'resource', path: 'resources', field: 'associatedResources' },
  { kind: 'prompt', path: 'prompts', field: 'associatedPrompts' },
] as const satisfies readonly { kind: FindKind; path: string; field: string }[]

/** Ids by the field of a virtual server that takes them. */
export type Selection = Readonly<Record<(typeof PARTS)[number]['field'], readonly string[]>>

const idsOf = (things: readonly Json[]): readonly string[] => things.map((one) => plainText(one['id']))

export async function selected(api: Api, named: Named): Promise<Selection> {
  const gateways = await Promise.all((named.from ?? []).map((name) => find(api, 'gateway', name)))
  const ids = PARTS.map(async ({ kind, path, field }) => {
    const offered = gateways.map((one) => api.all(`/v1/${path}?gateway_id=${idOf(one)}`, path))
    const whole = (await Promise.all(offered)).flat()
    return [field, [...new Set(idsOf([...whole, ...(await findEach(api, kind, named[kind] ?? []))]))]] as const
  })
  return Object.fromEntries(await Promise.all(ids)) as Selection
}

/** What a virtual server selects now, with what is switched off. */
export async function selectionOf(api: Api, server: Json): Promise<Selection> {
  const ids = PARTS.map(async ({ path, field }) => {
    const { text } = await api.request('GET', `/v1/servers/${idOf(server)}/${path}?include_inactive=true`)
    return [field, idsOf(JSON.parse(text) as readonly Json[])] as const
  })
  return Object.fromEntries(await Promise.all(ids)) as Selection
}

/** The fields that `change` makes different. */
export function changed(
  now: Selection,
  more: Selection,
  change: (now: readonly string[], more: readonly string[]) => readonly string[],
): Partial<Selection> {
  return Object.fromEntries(
    PARTS.filter(({ field }) => more[field].length > 0).map(({ field }) => [field, change(now[field], more[field])]),
  )
}
