import { randomUUID } from 'node:crypto'
import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { ImportRun, STRATEGIES, type ImportOptions } from './import-run.ts'
import type { StoredImport } from './import-state.ts'
import { ENTITY_TYPES, type TransferDeps } from './transfer.ts'

const tag = 'export and import'
const Null = Type.Null()
const NullableText = Type.Optional(Type.Union([Type.String(), Null]))

const ImportBody = Type.Object({
  import_data: Type.Object({}, { description: 'A document as GET /export gives it' }),
  conflict_strategy: Type.Optional(
    Type.String({ description: `What becomes of what is there already: ${STRATEGIES.join(', ')}; update unless said` }),
  ),
  dry_run: Type.Optional(Type.Boolean({ description: 'Only say what would be done' })),
  source_secret: Type.Optional(
    Type.Union([Type.String(), Null], { description: 'The secret that the credentials in the document are under' }),
  ),
  rekey_secret: NullableText,
  selected_entities: Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Array(Type.String())), Null], {
      description: 'Names, or URIs, by type: only these',
    }),
  ),
})

const ImportView = Type.Object(
  {
    import_id: Type.String(),
    status: Type.String({ description: 'running, completed or failed' }),
    progress: Type.Record(Type.String(), Type.Integer()),
    errors: Type.Array(Type.String()),
    warnings: Type.Array(Type.String()),
    started_at: Type.String({ format: 'date-time' }),
    completed_at: Type.Union([Type.String({ format: 'date-time' }), Null]),
  },
  { title: 'Import' },
)

function importView({ id, startedAt, completedAt, ...state }: StoredImport): Record<string, unknown> {
  return { import_id: id, ...state, started_at: startedAt, completed_at: completedAt }
}

/** What was exported, here or elsewhere, becomes what is declared. */
export function importEndpoints(deps: TransferDeps): readonly Endpoint[] {
  return [importing(deps), ...following(deps)]
}

function importing(deps: TransferDeps): Endpoint {
  return endpoint({
    route: 'POST /import',
    permission: 'admin.import',
    tag,
    summary: 'Import what was exported',
    description:
      'Each thing needs the permission that declaring it by hand would need. One that fails is told in errors and does not keep the others back.',
    body: ImportBody,
    reply: ImportView,
    reachesBackend: true,
    handle: async ({ body, principal, request }) => {
      const run = new ImportRun(randomUUID(), deps, { importer: { principal, request }, options: optionsOf(body) })
      return { body: importView(await run.run()) }
    },
  })
}

function following(deps: TransferDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /import/status',
      permission: 'admin.import',
      tag,
      summary: 'List imports, newest first',
      reply: Type.Array(ImportView),
      handle: async () => ({ body: (await deps.imports.all()).map(importView) }),
    }),
    endpoint({
      route: 'GET /import/status/{id}',
      permission: 'admin.import',
      tag,
      summary: 'How far an import is',
      params: Type.Object({ id: Type.String() }),
      reply: ImportView,
      handle: async ({ params }) => ({ body: importView(await storedImport(deps, params.id)) }),
    }),
    endpoint({
      route: 'POST /import/cleanup',
      permission: 'admin.import',
      tag,
      summary: 'Forget imports that ended long ago',
      query: Type.Object({ max_age_hours: Type.Optional(Type.Integer({ minimum: 0, maximum: 87_600, default: 24 })) }),
      reply: Type.Object({ status: Type.String(), message: Type.String(), removed_count: Type.Integer() }),
      handle: async ({ query: { max_age_hours: hours = 24 } }) => {
        const count = await deps.imports.forget(hours)
        const message = `Removed ${count} completed imports older than ${hours} hours`
        return { body: { status: 'success', message, removed_count: count } }
      },
    }),
  ]
}

async function storedImport({ imports }: TransferDeps, id: string): Promise<StoredImport> {
  const found = await imports.byId(id)
  if (found === undefined) throw new GatewayError('not_found', `Import ${id.slice(0, 64)} not found`)
  return found
}

function optionsOf(body: Static<typeof ImportBody>): ImportOptions {
  const { conflict_strategy: given = 'update', dry_run: dryRun = false, selected_entities: selected } = body
  const strategy = STRATEGIES.find((one) => one === given.toLowerCase())
  if (strategy === undefined)
    throw refused(`conflict_strategy: must be one of ${STRATEGIES.join(', ')}`, 'conflict_strategy')
  const entities = entitiesOf(body.import_data)
  return { entities, strategy, dryRun, secret: body.source_secret || null, selected: selected ?? null }
}

function entitiesOf(document: object): ImportOptions['entities'] {
  const { version, exported_at: at, entities } = document as Readonly<Record<string, unknown>>
  if (typeof version !== 'string' || typeof at !== 'string') throw refused('version and exported_at are required')
  if (typeof entities !== 'object' || entities === null || Array.isArray(entities))
    throw refused('entities is required')
  for (const [type, list] of Object.entries(entities)) {
    if (!(ENTITY_TYPES as readonly string[]).includes(type)) throw refused(`entities.${type} is not a type`)
    if (!Array.isArray(list)) throw refused(`entities.${type} is not a list`)
  }
  return entities
}

function refused(why: string, field = 'import_data'): GatewayError {
  return new GatewayError('invalid_request', `Import failed: ${why}`, { field })
}
