import { Type } from '#/api/type.ts'
import { allowAny } from '#/access/allow.ts'
import { requireUnrestricted } from '#/access/unrestricted.ts'
import { changeEvent } from '#/api/change-event.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import type { EventStreams } from '#/api/event-streams.ts'
import type { WatchedCatalog } from '#/catalog/watch.ts'

export interface RootChangesDeps {
  readonly streams: Pick<EventStreams, 'answer'>
  readonly watched: WatchedCatalog
}

/** `GET /roots/changes`: what becomes of roots, as it happens. */
export function rootChanges({ streams, watched }: RootChangesDeps): Endpoint {
  return endpoint({
    route: 'GET /roots/changes',
    permission: 'admin.system_config',
    tag: 'roots',
    summary: 'Hear of roots that are added, renamed and removed',
    description:
      'Server-sent events whose data is {"type", "data", "timestamp"}: root_added and root_updated with uri and name, root_removed ' +
      'with uri; root_list_changed where there was more than the reader was fast enough for: list them again. Ends with the right to listen.',
    reply: Type.String(),
    replyType: 'text/event-stream',
    handle: async (asked) =>
      streams.answer(asked, {
        may: (principal) => {
          requireUnrestricted(principal)
          allowAny(principal, 'admin.system_config')
        },
        overflow: changeEvent('root_list_changed', {}),
        begin: (stream) =>
          watched.watch({
            root: ({ before, after }) => {
              if (stream.reader === undefined) return
              if (after !== undefined)
                stream.tell(changeEvent(before === undefined ? 'root_added' : 'root_updated', { ...after }))
              else if (before !== undefined) stream.tell(changeEvent('root_removed', { uri: before.uri }))
            },
          }),
      }),
  })
}
