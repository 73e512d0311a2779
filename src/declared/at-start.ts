import { randomUUID } from 'node:crypto'
import type { TokenId, UserId } from '#/access/ids.ts'
import { principalOf } from '#/access/principal-of.ts'
import { administratorStanding } from '#/access/standing.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { pause } from '#/lib/backoff.ts'
import { applyPlan, type Outcome } from './apply.ts'
import type { DeclaredServer } from './declared-input.ts'
import type { DeclaredSource } from './open-file.ts'
import { planSet, type DeclaredDeps, type PlannedSet } from './plan.ts'
import type { Applying } from './step.ts'
import { withTokenHashes, type KeptToken } from './token-values.ts'

export interface AtStart {
  readonly deps: DeclaredDeps
  readonly source: DeclaredSource
  readonly dataDir: string
  /** In whose name things are made that the file declares. */
  readonly adminEmail: string
  readonly log: DeclaredLog
  /** Whether this was done since the machine started, perhaps by a worker that has ended since. */
  readonly isDone: () => boolean
  readonly done: () => void
}

export interface DeclaredLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A worker that is new learns first what the others know. */
const FIRST_MS = 200
const AGAIN_MS = 2_000
const LONGEST_MS = 60_000

/**
 * Makes what a file declares be there, beside requests and once per start of the machine. While the database is away it is tried again;
 * a virtual server that selects what a gateway does not offer yet is completed when it does.
 */
export function declareAtStart(options: AtStart): AsyncDisposable {
  const stop = new AbortController()
  const running = run(options, stop.signal).catch((err: unknown) => {
    if (!stop.signal.aborted) failed(options, err)
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

async function run(options: AtStart, stop: AbortSignal): Promise<void> {
  await pause(FIRST_MS, stop)
  if (options.isDone()) return
  const outcomes = await untilAnswered(stop, () => applyAll(options, stop))
  options.done()
  let waiting = waitingServers(options, outcomes)
  for (let ms = AGAIN_MS; waiting.length > 0; ms = Math.min(LONGEST_MS, ms * 1.5)) {
    await pause(ms, stop)
    const set = { ...options.source.declared.set, gateways: [], tokens: [], servers: waiting }
    waiting = waitingServers(options, await untilAnswered(stop, () => applySet(options, set, stop)))
  }
}

/** A database that is away comes back; what it then refuses is refused. */
async function untilAnswered<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let ms = AGAIN_MS; ; ms = Math.min(LONGEST_MS, ms * 2)) {
    try {
      return await work()
    } catch (error) {
      if (GatewayError.from(error).code !== 'unavailable') throw error
      await pause(ms, stop)
    }
  }
}

async function applyAll(options: AtStart, stop: AbortSignal): Promise<readonly Outcome[]> {
  const { deps, source, dataDir } = options
  const places = { folder: source.folder, dataDir }
  const applying = await inTheNameOf(options, stop)
  const { set: asked } = await withTokenHashes(source.declared, places, new Set())
  const { steps } = await planSet(deps, applying, { set: asked, prune: false })
  const toMake = steps.filter(({ kind, action }) => kind === 'token' && action === 'create').map(({ name }) => name)
  const { set, kept } = await withTokenHashes(source.declared, places, new Set(toMake))
  const outcomes = await applySet(options, set, stop)
  report(options, outcomes, kept)
  const away = outcomes.find(({ error }) => error?.code === 'unavailable')?.error
  if (away) throw away
  return outcomes
}

async function applySet(options: AtStart, set: PlannedSet, stop: AbortSignal): Promise<readonly Outcome[]> {
  const applying = await inTheNameOf(options, stop)
  return await applyPlan(options.deps, applying, await planSet(options.deps, applying, { set, prune: false }))
}

/** The administrator's, and known in the audit log by the file. */
async function inTheNameOf({ deps, source, adminEmail }: AtStart, signal: AbortSignal): Promise<Applying> {
  const found = await deps.store.administrator(adminEmail)
  if (found === undefined)
    throw new GatewayError('not_found', `there is no administrator ${adminEmail} with a live token`)
  const userId = found.userId as UserId
  const token = {
    id: found.tokenId as TokenId,
    userId,
    teamId: null,
    permissions: null,
    serverId: null,
    expiresAt: null,
    limits: null,
  }
  const user = { id: userId, email: `${source.path} at start`, enabled: true, memberships: [], assignments: [] }
  const request: RequestContext = {
    requestId: randomUUID(),
    signal,
    via: 'start',
    fromIp: null,
    userAgent: null,
    traceparent: undefined,
  }
  const held = { permissions: null, serverId: null, teamId: null, expiresAt: null, limits: null }
  return {
    principal: principalOf(token, user, administratorStanding(user)),
    held,
    set: source.declared.set.set,
    request,
  }
}

function waitingServers({ source }: AtStart, outcomes: readonly Outcome[]): DeclaredServer[] {
  const waiting = outcomes.filter(({ step, ran }) => step.kind === 'server' && (ran?.note ?? null) !== null)
  const names = new Set(waiting.map(({ step }) => step.name))
  return source.declared.set.servers.filter(({ name }) => names.has(name))
}

function report({ log, source }: AtStart, outcomes: readonly Outcome[], kept: readonly KeptToken[]): void {
  const file = source.path
  const of = (action: string): number =>
    outcomes.filter(({ step, ran }) => step.action === action && ran !== null).length
  for (const { step, error, ran } of outcomes) {
    const { kind, name } = step
    if (error !== null)
      log.error(
        { event: 'declared.step_failed', file, kind, name, err: error },
        `the ${kind} ${name} is not as declared`,
      )
    else if (ran !== null && ran.note !== null)
      log.warn({ event: 'declared.note', file, kind, name, note: ran.note }, `the ${kind} ${name} is not complete yet`)
  }
  for (const { name, path, isNew } of kept)
    if (isNew)
      log.info(
        { event: 'declared.token_made', file, name, path },
        'a declared token was made; its value is in the file',
      )
  const counts = { created: of('create'), changed: of('change'), unchanged: of('keep') }
  log.info({ event: 'declared.applied', file, ...counts }, 'what the file declares is there')
}

function failed({ log, source }: AtStart, err: unknown): void {
  log.error(
    { event: 'declared.failed', file: source.path, err },
    `nothing of what ${source.path} declares was changed; causeway apply ${source.path} --dry-run shows why`,
  )
}
