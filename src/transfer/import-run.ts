import type { Principal } from '#/access/principal.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { foldCase } from '#/lib/fold-case.ts'
import { slugify } from '#/lib/slug.ts'
import { importBody, type ImportBody } from './import-body.ts'
import type { ImportState, Progress, StoredImport } from './import-state.ts'
import { Known } from './known.ts'
import type { EntityType, Perform, Request, TransferDeps } from './transfer.ts'

export const STRATEGIES = ['update', 'skip', 'rename', 'fail'] as const
export type Strategy = (typeof STRATEGIES)[number]

export interface ImportOptions {
  readonly entities: Readonly<Partial<Record<EntityType, readonly unknown[]>>>
  readonly strategy: Strategy
  readonly dryRun: boolean
  readonly secret: string | null
  /** Names or URIs by type: only these. */
  readonly selected: Readonly<Partial<Record<EntityType, readonly string[]>>> | null
}

export interface Importer {
  readonly principal: Principal
  readonly request: RequestContext
}

/** What stands first is there when what comes after refers to it. */
const ORDER: readonly EntityType[] = ['roots', 'gateways', 'tools', 'resources', 'prompts', 'servers']
const NO_PROGRESS: Progress = { total: 0, processed: 0, created: 0, updated: 0, skipped: 0, failed: 0 }
/** Gateways are asked what they offer; so many at a time. */
const AT_ONCE = 8
const REPORT_MS = 1_000
const MOST_TOLD = 1_000

const NO_UPDATE = 'the name belongs to something that cannot be updated'
const SEVERAL = 'there are several of this name in the file, and you can have one: give the others names of their own'

type Outcome = 'created' | 'updated' | 'skipped'

/** One import from its first thing to its last. A thing that fails is counted and told; only the strategy `fail` ends it there. */
export class ImportRun {
  readonly #deps: TransferDeps
  readonly #importer: Importer
  readonly #options: ImportOptions
  readonly #errors: string[] = []
  readonly #warnings: string[] = []
  #progress = NO_PROGRESS
  readonly #known: Known
  /** What a dry run would have made, each as its type and slug. */
  readonly #intended = new Set<string>()
  /** What was made or changed, or would have been in a dry run, each as its type and what names it. */
  readonly #taken = new Set<string>()
  #stopped = false
  readonly #startedAt = new Date().toISOString()
  #reportedAt = 0
  readonly id: string

  constructor(id: string, deps: TransferDeps, run: { readonly importer: Importer; readonly options: ImportOptions }) {
    this.id = id
    this.#deps = deps
    this.#importer = run.importer
    this.#options = run.options
    this.#known = new Known(deps.stores, { principal: run.importer.principal, includeInactive: true })
  }

  async run(): Promise<StoredImport> {
    const work = ORDER.map((type) => ({ type, entities: this.#selected(type) }))
    this.#progress = { ...NO_PROGRESS, total: work.reduce((sum, { entities }) => sum + entities.length, 0) }
    this.#reportedAt = performance.now()
    try {
      for (const { type, entities } of work) await this.#each(type, entities)
    } catch (cause) {
      // Given up in the middle, in every lane: what was done stays, and is told.
      this.#stopped = true
      await this.#told('failed').catch(() => {})
      throw cause
    }
    return await this.#told(this.#stopped ? 'failed' : 'completed')
  }

  #selected(type: EntityType): readonly unknown[] {
    const { entities, selected } = this.#options
    const all = entities[type] ?? []
    if (selected === null) return all
    const names = selected[type] ?? []
    return all.filter((entity) => {
      const { name, uri, original_name: original } = Object(entity) as Record<string, unknown>
      return [name, uri, original].some((key) => typeof key === 'string' && names.includes(key))
    })
  }

  async #each(type: EntityType, entities: readonly unknown[]): Promise<void> {
    if (entities.length === 0 || this.#stopped) return
    const { request } = this.#importer
    // What bears one name comes one after the other, so that the first of them has it.
    const named = Map.groupBy(entities.entries(), ([, entity]) => (Object(entity) as Record<string, unknown>)['name'])
    const left = named.values()
    const lane = async (): Promise<void> => {
      for (const alike of left)
        for (const [n, entity] of alike) {
          if (this.#stopped) return
          if (request.signal.aborted) throw GatewayError.from(request.signal.reason)
          await this.#one(type, entity, n)
        }
    }
    await Promise.all(Array.from({ length: type === 'gateways' ? AT_ONCE : 1 }, lane))
  }

  async #one(type: EntityType, entity: unknown, n: number): Promise<void> {
    let name = `${type}[${n}]`
    try {
      const made = importBody(type, entity, this.#options.secret)
      name = `${type.slice(0, -1)} ${made.key}`
      for (const warning of made.warnings) this.#warn(`${name}: ${warning}`)
      this.#count(await this.#take(type, made, entity))
    } catch (cause) {
      const error = GatewayError.from(cause)
      if (error.code === 'client_gone' || error.code === 'unavailable') throw error
      if (this.#errors.length < MOST_TOLD) this.#errors.push(`${name}: ${error.toPublic().message}`)
      this.#count('failed')
      if (this.#options.strategy === 'fail') this.#stopped = true
    }
    await this.#report()
  }

  /** What is not there is made; for what is there, or says so by a conflict, the strategy decides. */
  async #take(type: EntityType, made: ImportBody, entity: unknown): Promise<Outcome> {
    const body = type === 'servers' ? { ...made.body, ...(await this.#toolsOf(made, entity)) } : made.body
    if (this.#options.dryRun) return await this.#intend(type, made)
    const isOff = (Object(entity) as Record<string, unknown>)['is_active'] === false
    // Its name alone keeps nothing from being made beside one that is meant.
    if ((await this.#known.find(type, made, false)) !== undefined)
      return await this.#meet(type, { ...made, body }, isOff)
    const id = await this.#create(type, body).catch((cause: unknown) => {
      if (GatewayError.from(cause).code !== 'conflict') throw cause
      return undefined
    })
    if (id === undefined) return await this.#meet(type, { ...made, body }, isOff)
    this.#met(type, made, id)
    if (isOff) await this.#switchOff(type, id)
    return 'created'
  }

  async #meet(type: EntityType, made: ImportBody, isOff: boolean): Promise<Outcome> {
    const { strategy } = this.#options
    if (strategy === 'skip') return 'skipped'
    if (strategy === 'fail') throw new GatewayError('conflict', 'exists already, and the strategy is to fail')
    const there = strategy === 'rename' ? undefined : await this.#known.find(type, made, true)
    if (strategy === 'update' && there === undefined)
      throw new GatewayError('conflict', this.#taken.has(keyOf(type, made)) ? SEVERAL : NO_UPDATE)
    const id =
      there === undefined
        ? await this.#create(type, renamedBody(type, made.body))
        : await this.#update(type, there, made.body)
    this.#met(type, made, id)
    if (isOff) await this.#switchOff(type, id)
    return there === undefined ? 'created' : 'updated'
  }

  #met(type: EntityType, made: ImportBody, id: string): void {
    if (type === 'roots') return
    this.#known.meet(id)
    this.#taken.add(keyOf(type, made))
  }

  /** Without doing it. */
  async #intend(type: EntityType, made: ImportBody): Promise<Outcome> {
    const { strategy } = this.#options
    const there = await this.#known.find(type, made, false)
    if (there !== undefined && strategy === 'fail')
      throw new GatewayError('conflict', 'exists already, and the strategy is to fail')
    if (there !== undefined && strategy === 'skip') return 'skipped'
    const isUpdate = there !== undefined && strategy === 'update'
    if (isUpdate) this.#met(type, made, there)
    if (there === undefined && type !== 'roots' && this.#taken.has(keyOf(type, made)))
      throw new GatewayError('conflict', SEVERAL)
    this.#taken.add(keyOf(type, made))
    this.#intended.add(`${type} ${slugify(made.key)}`)
    this.#warn(`Would ${isUpdate ? 'update' : 'create'} ${type.slice(0, -1)}: ${made.key}`)
    return isUpdate ? 'updated' : 'created'
  }

  /** What is not there is told. */
  async #toolsOf(server: ImportBody, entity: unknown): Promise<{ readonly associatedTools?: readonly string[] }> {
    const { tool_ids: refs } = Object(entity) as Record<string, unknown>
    if (!Array.isArray(refs)) return {}
    const ids = new Set<string>()
    const find = await this.#known.toolsFor(server)
    for (const ref of refs.map(String)) {
      const id = find(ref)
      if (id !== undefined) ids.add(id)
      else if (!this.#isIntended(ref)) this.#warn(`server ${server.key}: there is no tool ${ref}`)
    }
    return { associatedTools: [...ids] }
  }

  /** Whether a dry run would have made it: by itself, or with the gateway that its name begins with. */
  #isIntended(tool: string): boolean {
    const has = (type: EntityType, name: string): boolean => this.#intended.has(`${type} ${slugify(name)}`)
    if (has('tools', tool)) return true
    const parts = tool.split('-')
    return parts.some((_, n) => has('gateways', parts.slice(0, n).join('-')))
  }

  async #create(type: EntityType, body: Record<string, unknown>): Promise<string> {
    const whole = type === 'resources' ? { content: '', ...body } : body
    const made = await this.#perform({ route: `POST /${type}`, body: whole })
    return String(made[type === 'roots' ? 'uri' : 'id'])
  }

  async #update(type: EntityType, there: string, { uri, name, ...rest }: Record<string, unknown>): Promise<string> {
    if (type === 'roots') await this.#perform({ route: 'PUT /roots/{uri}', params: { uri: there }, body: { name } })
    else {
      const named = type === 'tools' || type === 'prompts' ? {} : { name }
      const body = { ...rest, ...named, ...(type === 'resources' ? { uri } : {}) }
      await this.#perform({ route: `PUT /${type}/{id}`, params: { id: there }, body })
    }
    return there
  }

  async #switchOff(type: EntityType, id: string): Promise<void> {
    if (type === 'roots') return
    await this.#perform({ route: `POST /${type}/{id}/state`, params: { id }, query: { activate: false } })
  }

  async #perform(request: Request): Promise<Record<string, unknown>> {
    const { principal, request: context } = this.#importer
    const perform: Perform = this.#deps.perform
    const { body } = await perform(request, { principal, request: { ...context, via: 'import' } })
    return Object(body) as Record<string, unknown>
  }

  #warn(text: string): void {
    if (this.#warnings.length < MOST_TOLD) this.#warnings.push(text)
  }

  #count(outcome: Outcome | 'failed'): void {
    const { processed, [outcome]: before } = this.#progress
    this.#progress = { ...this.#progress, processed: processed + 1, [outcome]: before + 1 }
  }

  async #report(): Promise<void> {
    if (performance.now() - this.#reportedAt < REPORT_MS) return
    this.#reportedAt = performance.now()
    await this.#told('running')
  }

  async #told(status: ImportState['status']): Promise<StoredImport> {
    const told = { progress: this.#progress, errors: this.#errors, warnings: this.#warnings }
    const state = { id: this.id, status, startedAt: this.#startedAt, ...told }
    return await this.#deps.imports.report(state, this.#importer.principal.email)
  }
}

/** What two things of one type have in common that are called the same. */
function keyOf(type: EntityType, { key }: ImportBody): string {
  return `${type} ${type === 'gateways' ? slugify(key) : type === 'servers' ? foldCase(key) : key}`
}

/** The strategy `rename`: what is there stays, and this one comes beside it. */
function renamedBody(type: EntityType, body: Record<string, unknown>): Record<string, unknown> {
  const suffix = `_imported_${Math.floor(Date.now() / 1000)}`
  const field = type === 'resources' || type === 'roots' ? 'uri' : 'name'
  const { customName: _custom, ...rest } = body
  return { ...rest, [field]: `${String(body[field])}${suffix}` }
}
