import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault as Kind } from '../../test/fixtures/bad-server.ts'
import type { Road } from '../../test/fixtures/roads.ts'
import { TEST_CERTIFICATE } from '../../test/support/test-certificate.ts'
import type { Stream } from '../load/offer.ts'
import type { Target } from '../load/target.ts'
import { DEADLINE_MS, type Neighbours } from './neighbours.ts'

/** How a server goes wrong, how much of it there is, and what its callers hear. */
export interface Way {
  readonly name: string
  readonly what: string
  /** JSON-RPC code, name of the error in REST and its status; absent: the answer is a good one. */
  readonly heard?: readonly [rpc: number, code: string, status: number]
  /** It is heard only when the call's time is over. */
  readonly late?: boolean
  readonly load: Omit<Stream, 'target'>
  /** Makes it known to the gateway, which it answers well until then. */
  readonly open: (site: Neighbours) => Promise<Target>
}

const OFTEN = { perSecond: 100 }
const STAYING = { perSecond: 60, patienceMs: 2 * DEADLINE_MS }
const POURING = { perSecond: 50, most: 8 }
export const isPouring = ({ load }: Way): boolean => load === POURING

const INVALID = [-32015, 'upstream_invalid', 502] as const
const LATE = [-32011, 'upstream_timeout', 504] as const
const UNREACHABLE = [-32014, 'upstream_unreachable', 502] as const

const bad = (name: string): string => `bad-${name.replaceAll(' ', '-')}`

/** It is reached, and what it answers is wrong. */
function served(kind: Kind, way: Omit<Way, 'name' | 'open'>): Way {
  const name = kind.replaceAll('_', ' ')
  return { name, ...way, open: (site) => site.bad(bad(name), `${site.badUrl}/legacy/${kind}/mcp`) }
}

/** It is not reached any more: the way there is spoilt once it is known. */
function apart(name: string, { road, ...way }: Omit<Way, 'name' | 'open'> & { readonly road: Road }): Way {
  const opened = new WeakMap<Neighbours, Promise<Target>>()
  const open = (site: Neighbours): Promise<Target> => {
    const known = opened.get(site) ?? spoilt(site, name, road)
    opened.set(site, known)
    return known
  }
  return { name, ...way, open }
}

/** The name of the server behind the plain road, while anybody answers for it. */
const NAME = 'silent.test'
const FORGOTTEN_MS = 1_100

async function spoilt(site: Neighbours, name: string, road: Road): Promise<Target> {
  const { zone } = site.names
  for (const family of ['A', 'AAAA']) zone.set(`${family} ${NAME}`, family === 'A' ? ['127.0.0.1'] : [])
  const ports = (await (await fetch(`${site.roadsUrl}/ports`)).json()) as Record<Road, number>
  const url = `${road === 'plain' ? `http://${NAME}` : 'https://127.0.0.1'}:${ports[road]}/legacy/junk/${road}`
  const target = await site.bad(bad(name), url, road === 'plain' ? {} : { ca_certificate: TEST_CERTIFICATE })
  for (const family of ['A', 'AAAA']) zone.set(`${family} ${NAME}`, null)
  await sleep(FORGOTTEN_MS)
  await (await fetch(`${site.roadsUrl}/spoil/${road}`, { method: 'POST' })).text()
  return target
}

export const WAYS: readonly Way[] = [
  served('hang', { what: 'no answer, ever', heard: LATE, late: true, load: STAYING }),
  served('reset', { what: 'a reset for an answer', heard: UNREACHABLE, load: OFTEN }),
  served('half', { what: 'half a body, and the connection closed', heard: INVALID, load: OFTEN }),
  served('junk', { what: 'JSON that is none', heard: INVALID, load: OFTEN }),
  served('wrong_id', { what: 'an answer to another question', heard: INVALID, load: OFTEN }),
  served('slow_head', { what: 'a byte of the head every 100 ms', heard: LATE, late: true, load: STAYING }),
  served('progress', { what: 'progress without end, as fast as it is taken', heard: LATE, late: true, load: POURING }),
  served('huge', { what: 'answers of 100 MB, eight at a time', load: POURING }),
  served('huge_events', { what: 'events of 100 MB, eight at a time', load: POURING }),
  apart('wrong certificate', {
    what: 'TLS with a certificate that is another’s',
    heard: UNREACHABLE,
    load: OFTEN,
    road: 'certificate',
  }),
  apart('stalled handshake', {
    what: 'a TLS handshake that stalls',
    heard: LATE,
    late: true,
    load: STAYING,
    road: 'handshake',
  }),
  apart('silent name', {
    what: 'a name that no name server answers for',
    heard: LATE,
    late: true,
    load: STAYING,
    road: 'plain',
  }),
]
