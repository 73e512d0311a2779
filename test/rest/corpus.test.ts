import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHttpApi } from '../fixtures/http-api.ts'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { corpus, play, type Case, type Site } from './corpus-run.ts'

// Conversations recorded from the description of the API that others' clients expect, each played against a real gateway: at both
// prefixes with lenience, and once more without it.

const stack = new AsyncDisposableStack()
let upstream: SlowServer
let api: string
let lenient: RunningGateway
let strict: RunningGateway

beforeAll(async () => {
  upstream = stack.use(await startSlowServer())
  api = stack.use(await startHttpApi()).origin
  const databases = [stack.use(await testDatabase()), stack.use(await testDatabase())]
  const gateways = await Promise.all(
    databases.map(async ({ url }, n) =>
      stack.use(await startGateway({ env: { DATABASE_URL: url, CAUSEWAY_REST_LENIENCE: String(n === 0) } })),
    ),
  )
  lenient = gateways[0] as RunningGateway
  strict = gateways[1] as RunningGateway
})
afterAll(async () => await stack.disposeAsync())

let played = 0

/** Names of its own for every conversation, so that none disturbs another. */
function siteOf({ url, token }: RunningGateway): Site {
  const n = `c${++played}`
  return { url, token, given: { n, upstream: upstream.at('legacy', n), api, absent: 'f'.repeat(32) } }
}

const REFUSED = { status: 422, answer: { code: 'invalid_field', field: '<string>' } }

function inStrict({ form, steps }: Case): Pick<Case, 'steps'> {
  const [first] = steps
  if (form === 'refused' && first !== undefined) return { steps: [{ send: first.send, ...bodyOf(first), ...REFUSED }] }
  return { steps: steps.map((step) => ({ ...step, ...step.strict })) }
}

const bodyOf = ({ body }: Case['steps'][number]) => (body === undefined ? {} : { body })

describe.each([...corpus()])('%s', (_file, cases) => {
  test.each(cases.map((each) => [`${each.section} ${each.name}`, each] as const))('%s', async (_name, each) => {
    const prefixes = each.rootOnly === true ? [''] : ['/v1', '']
    for (const prefix of prefixes) expect(await play(each, siteOf(lenient), prefix)).toEqual([])
    if (each.form !== 'lenient') expect(await play(inStrict(each), siteOf(strict), prefixes[0] ?? '')).toEqual([])
  })
})
