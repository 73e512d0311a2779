import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'

/** A thing by its name, slug or id; the first that fits. */
export async function findGateway(api: Api, name: string): Promise<Json> {
  for await (const page of api.pages('/v1/gateways?include_inactive=true', 'gateways')) {
    const found = page.find((one) => one['id'] === name || one['name'] === name || one['slug'] === name)
    if (found !== undefined) return found
  }
  throw new CliError(`there is no server ${JSON.stringify(plainText(name))}: causeway list shows what there is`)
}

export async function findTool(api: Api, name: string): Promise<Json> {
  const similar: string[] = []
  for await (const page of api.pages('/v1/tools', 'tools')) {
    const found = page.find((one) => one['name'] === name || one['id'] === name)
    if (found !== undefined) return found
    similar.push(...page.filter((one) => one['originalName'] === name).map((one) => plainText(one['name'])))
  }
  const hint =
    similar.length > 0 ? `did you mean ${similar.slice(0, 3).join(' or ')}?` : 'causeway tools shows what there is'
  throw new CliError(`there is no tool ${JSON.stringify(plainText(name))}: ${hint}`)
}

export const idOf = (thing: Json): string => encodeURIComponent(plainText(thing['id']))
