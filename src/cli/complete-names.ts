import type { Api, Json } from './api.ts'
import type { Candidate, Lookup } from './complete.ts'
import { findTool } from './find.ts'
import { parametersOf, typeText } from './input-schema.ts'
import type { Completes } from './lesson.ts'
import { plainText } from './terminal.ts'

const LISTS: Readonly<Partial<Record<Completes, readonly (readonly [path: string, member: string])[]>>> = {
  gateway: [['/v1/gateways?include_inactive=true', 'gateways']],
  tool: [['/v1/tools', 'tools']],
  server: [['/v1/servers?include_inactive=true', 'servers']],
  user: [['/v1/auth/email/admin/users', 'users']],
  team: [['/v1/teams', 'teams']],
  'gateway-or-tool': [
    ['/v1/gateways?include_inactive=true', 'gateways'],
    ['/v1/tools', 'tools'],
    ['/v1/servers?include_inactive=true', 'servers'],
  ],
}

/** Hands on the names of what there is, as they arrive. */
export async function namesOf(api: Api, { kind, positional }: Lookup, found: (name: Candidate) => void): Promise<void> {
  if (kind === 'argument') return await argumentsOf(api, positional[0] ?? '', found)
  if (kind === 'token') return await tokens(api, found)
  if (kind === 'role') return await roles(api, found)
  if (kind === 'permission') return await permissions(api, found)
  for (const [path, member] of LISTS[kind] ?? []) {
    const seen = new Set<string>()
    for await (const page of api.pages(path, member)) for (const one of page) found(namedOnce(one, seen))
  }
}

/** What comes second with a name is offered by its id. */
function namedOnce(one: Json, seen: Set<string>): Candidate {
  const candidate = named(one)
  const { value } = candidate
  if (seen.has(value)) return { ...candidate, value: plainText(one['id'] ?? value) }
  seen.add(value)
  return candidate
}

const named = ({ name, email, full_name: fullName, description, url }: Json): Candidate => ({
  value: plainText(name ?? email),
  about: plainText(description ?? fullName ?? url),
})

async function tokens(api: Api, found: (name: Candidate) => void): Promise<void> {
  const { tokens: all } = await api.json('GET', '/v1/tokens?limit=100')
  if (Array.isArray(all)) for (const one of all as readonly Json[]) found(named(one))
}

/** Roles are few, and come in one list. */
async function roles(api: Api, found: (name: Candidate) => void): Promise<void> {
  const { text } = await api.request('GET', '/v1/rbac/roles')
  for (const one of JSON.parse(text) as readonly Json[]) found(named(one))
}

async function permissions(api: Api, found: (name: Candidate) => void): Promise<void> {
  const { all_permissions: all } = await api.json('GET', '/v1/rbac/permissions/available')
  if (Array.isArray(all)) for (const one of all) found({ value: plainText(one), about: '' })
}

/** What the tool that stands before it takes; where there are choices, each of them. */
async function argumentsOf(api: Api, tool: string, found: (name: Candidate) => void): Promise<void> {
  const { inputSchema } = await findTool(api, tool)
  for (const parameter of parametersOf(inputSchema)) {
    const about = `${typeText(parameter)}${parameter.required ? ', required' : ''}  ${parameter.description}`
    const values = parameter.choices?.map(({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)))
    for (const value of values ?? ['']) found({ value: `${parameter.name}=${value}`, about })
  }
}
