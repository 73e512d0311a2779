import type { Api, Json } from './api.ts'
import { idOf } from './find.ts'
import { plainText, type Terminal } from './terminal.ts'

const SHOWN = 50

/** What a gateway offers, by name. */
export async function printOffers(gateway: Json, api: Api, out: Terminal): Promise<void> {
  const of = `gateway_id=${idOf(gateway)}`
  const templates = await api.json('GET', `/v1/resources/templates/list?limit=0&${of}`)
  printNames(out, 'tool', names(await api.all(`/v1/tools?${of}`, 'tools'), 'name'))
  printNames(out, 'resource', names(await api.all(`/v1/resources?${of}`, 'resources'), 'uri'))
  const patterns = names((templates['resource_templates'] ?? []) as readonly Json[], 'uriTemplate')
  if (patterns.length > 0) printNames(out, 'resource template', patterns)
  printNames(out, 'prompt', names(await api.all(`/v1/prompts?${of}`, 'prompts'), 'name'))
}

/** The API lists the newest first; a server's own order reads better. */
function names(things: readonly Json[], key: string): readonly string[] {
  return things.map((one) => plainText(one[key])).toReversed()
}

export function printNames(out: Terminal, kind: string, found: readonly string[]): void {
  out.print(out.bold(`${found.length} ${kind}${found.length === 1 ? '' : 's'}`))
  for (const name of found.slice(0, SHOWN)) out.print(`  ${name}`)
  if (found.length > SHOWN) out.print(out.dim(`  … and ${found.length - SHOWN} more`))
}
