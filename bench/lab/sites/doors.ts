import type { Door } from '../site.ts'
import type { McpClient } from './mcp-client.ts'

/** What a gateway calls a `wait` of the simulator: as it is, or behind the server's name. */
const isWait = ({ name = '' }: { readonly name?: string }): boolean => /(^|[-_./:])wait$/.test(name)

/** What of the simulator can be reached at a path. `mine` tells its things from others of the same name. */
export async function doorAt(
  client: McpClient,
  path: string,
  mine: (name: string) => boolean,
): Promise<Door | undefined> {
  const tools = await client.list(path, 'tools/list')
  if (tools === undefined) return undefined
  const prompts = (await client.list(path, 'prompts/list')) ?? []
  const templates = (await client.list(path, 'resources/templates/list')) ?? []
  const names = (list: typeof tools): string[] =>
    list.filter(isWait).flatMap(({ name = '' }) => (mine(name) ? [name] : []))
  const resources = templates.flatMap(({ uriTemplate = '' }) =>
    uriTemplate.startsWith('lab://') && mine(uriTemplate) ? [uriTemplate] : [],
  )
  return { path, tools: names(tools), prompts: names(prompts), resources }
}
