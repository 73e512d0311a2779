import { Type } from '#/api/type.ts'
import { allowAny } from '#/access/allow.ts'
import type { Principal } from '#/access/principal.ts'
import { changeEvent } from '#/api/change-event.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import type { CatalogResource } from '#/catalog/model.ts'
import type { Difference } from '#/lib/sharded-map.ts'
import type { ResourceDeps } from './resource.ts'

/** `POST /resources/subscribe`: what becomes of the resources that the caller sees, as it happens. */
export function resourceChanges({ streams, watched }: Pick<ResourceDeps, 'streams' | 'watched'>): Endpoint {
  return endpoint({
    route: 'POST /resources/subscribe',
    permission: 'resources.read',
    tag: 'resources',
    summary: 'Hear of resources that are added, changed, switched and removed',
    description:
      'Server-sent events whose data is {"type", "data", "timestamp"}: resource_added, resource_updated, resource_activated, ' +
      'resource_deactivated and resource_deleted with id, uri, name, description and enabled; resource_list_changed where there was ' +
      'more than the reader was fast enough for: list them again. What comes into sight is added, what goes out of sight is deleted. ' +
      'Ends with the right to listen.',
    reply: Type.String(),
    replyType: 'text/event-stream',
    handle: async (asked) =>
      streams.answer(asked, {
        may: (principal) => void allowAny(principal, 'resources.read'),
        overflow: changeEvent('resource_list_changed', {}),
        begin: (stream) =>
          watched.watch({
            resource: (difference) => {
              const { reader } = stream
              const type = reader && typeFor(reader, difference)
              if (type !== undefined) stream.tell(eventOf(difference, type))
            },
          }),
      }),
  })
}

type EventType = 'added' | 'updated' | 'activated' | 'deactivated' | 'deleted'

/** What a difference is to somebody; undefined: nothing. */
function typeFor(principal: Principal, { before, after }: Difference<CatalogResource>): EventType | undefined {
  const { visibilityClass } = principal
  const saw = before !== undefined && visibilityClass.sees(before)
  const sees = after !== undefined && visibilityClass.sees(after)
  if (!saw || !sees) return saw ? 'deleted' : sees ? 'added' : undefined
  if (before.enabled !== after.enabled) return after.enabled ? 'activated' : 'deactivated'
  return isAnother(before, after) ? 'updated' : undefined
}

const TOLD = [
  'uri',
  'definition',
  'customTitle',
  'customDescription',
  'local',
  'visibility',
  'ownerId',
  'teamId',
] as const

/** Another place in a list is no change of the resource. */
function isAnother(before: CatalogResource, after: CatalogResource): boolean {
  return TOLD.some((field) => before[field] !== after[field])
}

/** Many hear of one difference: it is put into words once. */
const words = new WeakMap<Difference<CatalogResource>, Map<EventType, string>>()

function eventOf(difference: Difference<CatalogResource>, type: EventType): string {
  let said = words.get(difference)
  if (said === undefined) words.set(difference, (said = new Map()))
  let text = said.get(type)
  if (text === undefined) said.set(type, (text = changeEvent(`resource_${type}`, dataOf(difference))))
  return text
}

function dataOf({ before, after }: Difference<CatalogResource>): Readonly<Record<string, unknown>> {
  const resource = after ?? before
  if (resource === undefined) return {}
  const said = JSON.parse(resource.definition) as { readonly name?: unknown; readonly description?: unknown }
  const { id, uri, customDescription, enabled } = resource
  return { id, uri, name: said.name ?? uri, description: customDescription ?? said.description ?? null, enabled }
}
