import type { Json } from './api.ts'
import { plainText, type Terminal } from './terminal.ts'

/** A virtual server and what it selects. */
export function printServer(server: Json, out: Terminal): void {
  out.print(`${out.bold(plainText(server['name']))}  ${server['enabled'] === false ? 'disabled' : 'ok'}`)
  for (const field of ['id', 'description', 'visibility'])
    if (plainText(server[field]) !== '') out.print(`  ${field.padEnd(16)}${plainText(server[field])}`)
  out.print(`  ${'endpoint'.padEnd(16)}/servers/${plainText(server['id'])}/mcp`)
  for (const [title, member] of [
    ['tools', 'associatedTools'],
    ['resources', 'associatedResources'],
    ['prompts', 'associatedPrompts'],
  ] as const) {
    const names = Array.isArray(server[member]) ? (server[member] as readonly unknown[]).map(plainText) : []
    out.print(out.bold(`${names.length} ${title}`))
    for (const name of names) out.print(`  ${name}`)
  }
}
