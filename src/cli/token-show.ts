import type { Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { findAmong, idOf } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { plainText } from './terminal.ts'
import { allTokens } from './token.ts'

export function tokenShowCommand(token: Command, { api, out }: Context): void {
  const command = token
    .command('show')
    .description('what a token is good for, and what was done with it in the last 30 days')
    .argument('<name>', 'its name, its id, or a beginning of the id that only one has')
    .option(...JSON_OPTION)
    .action(async (name: string, { json }: { readonly json?: boolean }) => {
      const connection = await api()
      const found = await findAmong(await allTokens(connection, true), 'token', name)
      const usage = await connection.json('GET', `/v1/tokens/${idOf(found)}/usage`)
      if (json === true) return out.print(JSON.stringify({ ...found, usage }, null, 2))
      const only = limitWords(found)
      const lines: readonly (readonly [string, string])[] = [
        ['id', plainText(found['id'])],
        ['of', plainText(found['user_email'])],
        ['begins with', plainText(found['hint'])],
        ['state', stateOf(found)],
        ['created', plainText(found['created_at'])],
        ['expires', plainText(found['expires_at'] ?? 'never')],
        ['last used', plainText(found['last_used'] ?? 'never')],
        ['may', permissionsOf(found)],
        ...only.map((words, n): readonly [string, string] => [n === 0 ? 'only' : '', words]),
        ['calls', usageWords(usage)],
      ]
      out.print(out.bold(plainText(found['name'])))
      for (const [title, words] of lines) out.print(`  ${title.padEnd(12)}${words}`)
    })
  taught(command, {
    examples: [
      ['by its name', 'causeway token show laptop'],
      ['for a program', 'causeway token show laptop --json'],
    ],
    next: 'causeway token revoke NAME ends it.',
    completes: { name: 'token' },
  })
}

export function stateOf(token: Json): string {
  if (token['is_revoked'] === true) return 'revoked'
  const expires = token['expires_at']
  if (typeof expires === 'string' && Date.parse(expires) <= Date.now()) return 'expired'
  return token['is_active'] === false ? 'inactive' : 'live'
}

function permissionsOf(token: Json): string {
  const names = listOf(token['effective_permissions'])
  if (names.includes('*')) return 'all that its user may'
  return names.length === 0 ? 'nothing' : names.join(' ')
}

/** When and where a token is good, in words; empty: always and anywhere. */
export function limitWords(token: Json): readonly string[] {
  const server = token['server_id']
  const team = token['team_id']
  const from = listOf(token['ip_restrictions'])
  const hours = membersOf(token['time_restrictions'])
  const usage = Object.entries(membersOf(token['usage_limits']))
  return [
    ...(typeof server === 'string' ? [`virtual server ${plainText(server)}`] : []),
    ...(typeof team === 'string' ? [`team ${plainText(team)}`] : []),
    ...(from.length > 0 ? [`from ${from.join(', ')}`] : []),
    ...(Object.keys(hours).length > 0 ? [hourWords(hours)] : []),
    ...usage.map(
      ([name, calls]) =>
        `${callWords(calls)} ${plainText(name) === 'requests_per_hour' ? 'an' : 'a'} ${plainText(name).replace('requests_per_', '')}`,
    ),
  ]
}

const callWords = (calls: unknown): string => (calls === 1 ? '1 call' : `${plainText(calls)} calls`)

/** In either way to say them. */
function hourWords(hours: Json): string {
  const isBusiness = hours['business_hours_only'] === true
  const days = hours['weekdays_only'] === true ? 'mon,tue,wed,thu,fri' : listOf(hours['days']).join(',')
  const times = isBusiness
    ? '09:00-17:00'
    : `${plainText(hours['start_time'] ?? '00:00')}-${plainText(hours['end_time'] ?? '24:00')}`
  return [days, times, plainText(hours['timezone'] ?? 'UTC')].filter((word) => word !== '').join(' ')
}

function usageWords(usage: Json): string {
  const total = Number(usage['total_requests'])
  if (total === 0) return 'none'
  const top = (Array.isArray(usage['top_endpoints']) ? usage['top_endpoints'] : []) as readonly (readonly unknown[])[]
  const methods = top.map(([method, calls]) => `${plainText(method)} ${plainText(calls)}`).join(', ')
  return `${total}, ${plainText(usage['success_rate'])} % well, ${plainText(usage['average_response_time_ms'])} ms each: ${methods}`
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(plainText) : []
}

function membersOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
