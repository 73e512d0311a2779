import { describe, expect, test } from 'vitest'
import { TokenId, UserId } from '#/access/ids.ts'
import { principalOf } from '#/access/principal-of.ts'
import type { Owned, Principal } from '#/access/principal.ts'
import { BUILT_IN_ORDERS, standingOf } from '#/access/standing.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Call, CallSink } from './call.ts'
import { restCalls } from './for-rest.ts'

const owner = UserId.mint()
const owned = { ownerId: owner, teamId: null, visibility: 'private', gatewayId: 'g', originalName: 'x', uri: 'x://y' }
const things = new Map([
  ['there', { ...owned, enabled: true }],
  ['off', { ...owned, enabled: false }],
])
const current = {
  tool: (id: string) => things.get(id),
  prompt: (id: string) => things.get(id),
  resource: (id: string) => things.get(id),
  findPrompt: () => undefined,
} as unknown as Snapshot

const seeing = (sees: (thing: Owned) => boolean): Principal => {
  const user = { id: UserId.mint(), email: 'a@example.com', enabled: true, memberships: [], assignments: [] }
  const token = {
    id: TokenId.mint(),
    userId: user.id,
    teamId: null,
    permissions: null,
    serverId: null,
    expiresAt: null,
    limits: null,
  }
  const made = principalOf(token, user, standingOf(user, BUILT_IN_ORDERS, 0))
  return { ...made, visibilityClass: { ...made.visibilityClass, sees } }
}
const request = { requestId: 'r', signal: new AbortController().signal, traceparent: undefined }
const asked = { argumentsJson: Buffer.from('{}'), request }

/** What an upstream does with a call is played here: what is asked is how the call is given up. */
function started(answer: (call: Call, sink: CallSink) => void) {
  const calls: Call[] = []
  const invoke = (call: Call, sink: CallSink): void => {
    calls.push(call)
    answer(call, sink)
  }
  return { calls, rest: restCalls({ invoke }, { current }) }
}

describe('what is there but not visible is answered like what is not there', () => {
  const who = seeing(() => false)
  const { calls, rest } = started(() => {})
  test.each([
    ['Tool', (id: string) => rest.tool(who, id, asked)],
    ['Prompt', (id: string) => rest.prompt(who, id, asked)],
    ['Resource', (id: string) => rest.resource(who, id, request)],
  ])('%s', async (kind, ask) => {
    for (const id of ['there', 'off', 'absent'])
      await expect(ask(id)).rejects.toMatchObject({ code: 'not_found', message: `${kind} not found: ${id}` })
    expect(calls).toEqual([])
  })
})

test('what is switched off is told by the id that was asked for', async () => {
  const off = new GatewayError('not_found', "unknown tool 'x'")
  const { rest } = started((_call, sink) => sink.fail(off))
  const who = seeing(() => true)
  await expect(rest.tool(who, 'there', asked)).rejects.toMatchObject({ message: 'Tool not found: there' })
  await expect(rest.resource(who, 'there', request)).rejects.toMatchObject({ message: 'Resource not found: there' })
  await expect(rest.tool(who, 'off', asked)).rejects.toMatchObject({ message: 'Tool off exists but is inactive' })
  await expect(rest.resource(who, 'off', request)).rejects.toMatchObject({
    message: 'Resource off exists but is inactive',
  })
})

test('a field is named as the client said it', async () => {
  const wrong = new GatewayError('invalid_field', 'params.arguments.x: is required', { field: 'params.arguments.x' })
  const { rest } = started((_call, sink) => sink.fail(wrong))
  const who = seeing(() => true)
  await expect(rest.prompt(who, 'there', asked)).rejects.toMatchObject({ field: 'x', message: 'x: is required' })
  await expect(rest.tool(who, 'there', asked)).rejects.toMatchObject({ field: 'arguments.x' })
})

test('an answer that is too large is given up at its server, too', async () => {
  const mebibyte = Buffer.alloc(1 << 20)
  const { calls, rest } = started(({ canceller }, sink) => {
    for (let n = 0; n < 100 && !canceller.aborted; n++) sink.chunk(mebibyte)
  })
  await expect(
    rest.tool(
      seeing(() => true),
      'there',
      asked,
    ),
  ).rejects.toMatchObject({ code: 'upstream_invalid' })
  expect(calls[0]?.canceller.reason).toMatchObject({ code: 'upstream_invalid' })
})
