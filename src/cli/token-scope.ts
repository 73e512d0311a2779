import type { Command } from 'commander'
import type { Api } from './api.ts'
import { findServer } from './find.ts'
import { repeated } from './repeated.ts'
import { plainText } from './terminal.ts'
import { collectLimit, hoursOf, type Limit } from './token-limits.ts'

/** What narrows a token, as options of whatever makes or changes one. */
export interface ScopeOptions {
  readonly permission?: readonly string[]
  readonly server?: string
  readonly fromIp?: readonly string[]
  readonly hours?: object
  readonly limit?: readonly Limit[]
}

export function scopeOptions(command: Command): Command {
  return command
    .option('--permission <name>', 'allow only this, such as tools.execute; may be repeated', repeated)
    .option('--server <name>', 'only for this virtual server')
    .option('--from-ip <range>', 'only from this address or range, such as 10.0.0.0/8; may be repeated', repeated)
    .option('--hours <when>', 'only then, such as "mon-fri 09:00-17:00 Europe/Berlin"; UTC unless said', hoursOf)
    .option('--limit <calls>', 'at most so many calls, such as 100/hour, /day or /month; may be repeated', collectLimit)
}

/** The same as a request says it; undefined: nothing is narrowed. */
export async function scopeIn(api: Api, options: ScopeOptions): Promise<object | undefined> {
  const { permission = [], server, fromIp, hours, limit } = options
  const scope = {
    ...(permission.length > 0 && { permissions: permission }),
    ...(server !== undefined && { server_id: plainText((await findServer(api, server))['id']) }),
    ...(fromIp !== undefined && { ip_restrictions: fromIp }),
    ...(hours !== undefined && { time_restrictions: hours }),
    ...(limit !== undefined && { usage_limits: Object.fromEntries(limit) }),
  }
  return Object.keys(scope).length > 0 ? scope : undefined
}
