import type { Api, Json } from './api.ts'
import { idOf } from './find.ts'
import { printNames } from './offers.ts'
import { plainText, type Terminal } from './terminal.ts'

/** A virtual server, where it answers, and what it selects. */
export async function printServer(server: Json, api: Api, out: Terminal): Promise<void> {
  out.print(`${out.bold(plainText(server['name']))}  ${server['enabled'] === false ? 'disabled' : 'ok'}`)
  for (const field of ['id', 'description', 'visibility'])
    if (plainText(server[field]) !== '') out.print(`  ${field.padEnd(16)}${plainText(server[field])}`)
  out.print(`  ${'endpoint'.padEnd(16)}${api.url}/servers/${plainText(server['id'])}/mcp`)
  const names = async (path: string, key: string): Promise<readonly string[]> => {
    const { text } = await api.request('GET', `/v1/servers/${idOf(server)}/${path}`)
    return (JSON.parse(text) as readonly Json[]).map((one) => plainText(one[key]))
  }
  const tools = Array.isArray(server['associatedTools']) ? (server['associatedTools'] as readonly unknown[]) : []
  printNames(out, 'tool', tools.map(plainText))
  printNames(out, 'resource', await names('resources', 'uri'))
  printNames(out, 'prompt', await names('prompts', 'name'))
}
