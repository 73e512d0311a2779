import { doubtful, fine, wrong, type Finding } from '#/lib/finding.ts'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { isOnPath } from './doctor-program.ts'
import { stateOf } from './list.ts'
import { plainText } from './terminal.ts'
import { readMetrics, sumOf } from './prometheus.ts'

/** The gateway that runs, if one does, and the servers behind it. */
export async function examineGateway(context: Context): Promise<readonly Finding[]> {
  let api: Api
  try {
    api = await context.api()
    await api.send('GET', '/health', { signal: AbortSignal.timeout(PATIENCE_MS) })
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    // Nobody said that it should run already.
    const expected = (context.env['CAUSEWAY_URL'] ?? '') !== ''
    if (error.code === 'unreachable' || (error.code === 'no_token' && !expected)) {
      const advice = 'causeway serve starts it; CAUSEWAY_URL says where else it is'
      const said =
        error.code === 'unreachable' ? error.message.split(':').slice(0, -1).join(':') : 'none has run here yet'
      return [expected ? wrong('gateway', said, advice) : doubtful('gateway', said, advice)]
    }
    return [wrong('gateway', error.message, 'causeway config shows what the commands use')]
  }
  return [...(await readiness(api)), ...(await load(api)), ...(await security(api)), ...(await upstreams(api, context))]
}

const PATIENCE_MS = 3_000

async function readiness(api: Api): Promise<readonly Finding[]> {
  const answer = await api.send('GET', '/ready', { signal: AbortSignal.timeout(PATIENCE_MS) })
  const body = (await answer.json().catch(() => ({}))) as {
    readonly status?: unknown
    readonly reasons?: readonly string[]
  }
  const reasons = (body.reasons ?? []).map(plainText).join('; ')
  if (body.status === 'ready') return [fine('gateway', `ready at ${api.url}`)]
  if (body.status === 'degraded')
    return [doubtful('gateway', `degraded at ${api.url}: ${reasons}`, 'look at the database')]
  return [
    wrong(
      'gateway',
      `${api.url} answers ${answer.status}: ${reasons || 'not ready'}`,
      'read the log of causeway serve',
    ),
  ]
}

/** A snapshot this old means that the database has been away, or that a worker is stuck. */
const STALE_SECONDS = 10
const LATE_SECONDS = 0.2

async function load(api: Api): Promise<readonly Finding[]> {
  const answer = await api.send('GET', '/metrics', {
    headers: { accept: 'text/plain' },
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  if (answer.status === 401)
    return [wrong('token', 'the gateway does not accept the token', 'set CAUSEWAY_TOKEN to a live one')]
  if (!answer.ok) return [doubtful('workers', 'this token may not read the metrics', 'use one with admin.metrics')]
  const metrics = readMetrics(await answer.text())
  const workers = sumOf(metrics, 'causeway_workers')
  const age = sumOf(metrics, 'causeway_snapshot_age_seconds')
  const late = sumOf(metrics, 'causeway_event_loop_delay_seconds')
  const lost = sumOf(metrics, 'causeway_usage_records_lost_total')
  return [
    fine('workers', `${workers} answer${workers === 1 ? 's' : ''}`),
    age > STALE_SECONDS
      ? doubtful('snapshot', `${Math.round(age)} s old`, 'look at the database: changes do not arrive')
      : fine('snapshot', 'current'),
    ...(late > LATE_SECONDS
      ? [doubtful('load', `a worker is ${late.toFixed(1)} s behind`, 'the machine has too much to do, or swaps')]
      : []),
    ...(lost > 0
      ? [
          doubtful(
            'records',
            `${lost} usage records were lost`,
            'the log says why: the disk was full, or the database away for long',
          ),
        ]
      : []),
  ]
}

/** As the gateway itself finds it. */
async function security(api: Api): Promise<readonly Finding[]> {
  const answer = await api.send('GET', '/health/security', { signal: AbortSignal.timeout(PATIENCE_MS) })
  // A token that is refused was said above.
  if (answer.status === 401) return []
  if (answer.status === 403)
    return [doubtful('security', 'this token may not ask how safe it is', 'use one with admin.security_audit')]
  const { score, findings = [] } = (await answer.json().catch(() => ({}))) as {
    readonly score?: unknown
    readonly findings?: readonly Finding[]
  }
  if (!answer.ok) return [doubtful('security', `it could not be asked (${answer.status})`, 'look at the lines above')]
  return [fine('security', `${plainText(score)} of 100`), ...findings.map(shown)]
}

/** It comes from elsewhere: nothing of it steers a terminal. */
function shown({ check, level, message, advice }: Finding): Finding {
  const said = [plainText(check), plainText(message)] as const
  return level === 'ok' ? fine(...said) : doubtful(...said, plainText(advice ?? ''))
}

/** Enough to see what is wrong; a thousand are not asked. */
const MOST_ASKED = 50

async function upstreams(api: Api, context: Context): Promise<readonly Finding[]> {
  const gateways = await api.all('/v1/gateways?include_inactive=true', 'gateways')
  if (gateways.length === 0) return [fine('servers', 'none yet: causeway add NAME URL')]
  const bad = gateways.filter((one) => !['ok', 'disabled'].includes(stateOf(one)))
  const well = gateways.filter((one) => stateOf(one) === 'ok')
  const off = gateways.length - bad.length - well.length
  const asked = await Promise.all(well.slice(0, MOST_ASKED).map((one) => clock(one, context)))
  return [
    fine('servers', `${well.length} of ${gateways.length} answer${off > 0 ? `, ${off} switched off` : ''}`),
    ...bad.map((one) => {
      const why = plainText(one['lastError'] ?? 'it has not been reached')
      return wrong(
        'servers',
        `${plainText(one['name'])} is ${stateOf(one)}: ${why}`,
        `causeway show ${plainText(one['name'])}`,
      )
    }),
    ...(await Promise.all(gateways.map((one) => launcher(one, context)))).flat(),
    ...asked.flat(),
  ]
}

async function launcher({ name, command, enabled }: Json, { env }: Context): Promise<readonly Finding[]> {
  if (typeof command !== 'string' || command === '' || enabled === false || (await isOnPath(command, env))) return []
  const advice = 'install it for the account of the gateway, or give its whole path'
  return [
    doubtful('servers', `${plainText(name)} is started with ${plainText(command)}, which is not on PATH here`, advice),
  ]
}

const SKEW_SECONDS = 30

/** A server's own idea of the time, where it tells it: tokens and signatures depend on it. */
async function clock({ name, url }: Json, { stop }: Context): Promise<readonly Finding[]> {
  if (typeof url !== 'string' || !/^https?:/.test(url)) return []
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)])
  const answer = await fetch(url, { method: 'OPTIONS', redirect: 'manual', signal }).catch(() => null)
  const date = Date.parse(answer?.headers.get('date') ?? '')
  await answer?.body?.cancel()
  const ahead = Math.round((date - Date.now()) / 1000)
  if (Number.isNaN(ahead) || Math.abs(ahead) < SKEW_SECONDS) return []
  const said = `${plainText(name)}'s clock is ${Math.abs(ahead)} s ${ahead < 0 ? 'behind' : 'ahead of'} ours`
  return [doubtful('clock', said, 'let both machines take their time from NTP')]
}
