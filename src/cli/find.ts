import type { Api, Json } from './api.ts'
import { nearest } from '#/config/nearest.ts'
import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'

/** A thing by its name, slug or id; the first that fits. */
export async function findGateway(api: Api, name: string): Promise<Json> {
  const known: string[] = []
  for await (const page of api.pages('/v1/gateways?include_inactive=true', 'gateways')) {
    const found = page.find((one) => one['id'] === name || one['name'] === name || one['slug'] === name)
    if (found !== undefined) return found
    known.push(...page.map((one) => plainText(one['name'])))
  }
  throw new CliError(`there is no server ${JSON.stringify(plainText(name))}: ${hint(name, known, 'list')}`, {
    code: 'not_found',
  })
}

export async function findTool(api: Api, name: string): Promise<Json> {
  const similar: string[] = []
  const known: string[] = []
  for await (const page of api.pages('/v1/tools', 'tools')) {
    const found = page.find((one) => one['name'] === name || one['id'] === name)
    if (found !== undefined) return found
    similar.push(...page.filter((one) => one['originalName'] === name).map((one) => plainText(one['name'])))
    known.push(...page.map((one) => plainText(one['name'])))
  }
  const meant = similar.length > 0 ? `did you mean ${similar.slice(0, 3).join(' or ')}?` : hint(name, known, 'tools')
  throw new CliError(`there is no tool ${JSON.stringify(plainText(name))}: ${meant}`)
}

/** A virtual server. */
export async function findServer(api: Api, name: string): Promise<Json> {
  const known: string[] = []
  for await (const page of api.pages('/v1/servers?include_inactive=true', 'servers')) {
    const found = page.find((one) => one['id'] === name || one['name'] === name)
    if (found !== undefined) return found
    known.push(...page.map((one) => plainText(one['name'])))
  }
  const what = `there is no virtual server ${JSON.stringify(plainText(name))}`
  throw new CliError(`${what}: ${hint(name, known, 'server list')}`, { code: 'not_found' })
}

/** More names than this take longer to compare than a person looks at the list. */
const COMPARED = 2000

function hint(name: string, known: readonly string[], command: string): string {
  const meant = nearest(name, known.slice(0, COMPARED))
  return meant === null ? `causeway ${command} shows what there is` : `did you mean ${meant}?`
}

export const idOf = (thing: Json): string => encodeURIComponent(plainText(thing['id']))
