import { expect, test } from 'vitest'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { answer, byName, gatewayOf, sseServer } from '../support/sse-server.ts'
import { call, principal, requestTo, startUpstreams } from '../support/upstream-calls.ts'

test('a large answer whose id comes last is told apart up to 16 MiB, and of any size where it comes first', async () => {
  const result = (bytes: number): string => `{"content":[{"type":"text","text":"${'x'.repeat(bytes)}"}]}`
  await using server = await sseServer({
    posted: byName({
      last: (line, { id }) => line.raw(`data: {"result":${result(8 << 20)},"jsonrpc":"2.0","id":${String(id)}}\n\n`),
      huge: (line, { id }) => line.raw(`data: {"result":${result(18 << 20)},"jsonrpc":"2.0","id":${String(id)}}\n\n`),
      first: (line, { id }) => line.raw(`data: {"jsonrpc":"2.0","id":${String(id)},"result":${result(18 << 20)}}\n\n`),
    }),
  })
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const ask = (name: string) => call(parts.upstreams, requestTo(gateway, { principal: principal('one'), name }))
  const [last, huge, first] = await Promise.all([ask('last'), ask('huge'), ask('first')])
  expect(last.messages[0]?.length).toBeGreaterThan(8 << 20)
  expect(first.messages[0]?.length).toBeGreaterThan(18 << 20)
  expect(huge.error).toMatchObject({ code: 'upstream_invalid', message: expect.stringContaining('16777216 bytes') })
  expect((await ask('small')).error).toBeUndefined()
})

test('a client that reads nothing is given up for the others on its stream, and holds little until then', async () => {
  const chunk = 'x'.repeat(1 << 20)
  let written = 0
  // One message at a time on a stream: the small answer waits for the end of the large one.
  let smallAnswer = (): void => {}
  await using server = await sseServer({
    posted: byName({
      large: (line, { id }) => {
        line.raw(`data: {"jsonrpc":"2.0","id":${String(id)},"result":{"content":["`)
        const more = (): void => {
          while (written < 64 && !line.response.destroyed) {
            written++
            if (!line.response.write(chunk)) return void line.response.once('drain', more)
          }
          line.raw('"]}}\n\n')
          smallAnswer()
        }
        more()
      },
      small: (line, message) => {
        smallAnswer = () => answer(line, message)
      },
    }),
  })
  await using parts = startUpstreams()
  const gateway = gatewayOf(server.url)
  const who = principal()
  let stopped: GatewayError | undefined
  parts.upstreams.send(requestTo(gateway, { principal: who, name: 'large' }), {
    start: ({ control }) => control.pause(),
    bytes: () => {},
    endMessage: () => true,
    done: () => {},
    failed: (error) => {
      stopped = error
    },
  })
  await expect.poll(() => written).toBeGreaterThan(0)
  const other = call(parts.upstreams, requestTo(gateway, { principal: who, name: 'small' }))
  await new Promise((resolve) => {
    setTimeout(resolve, 1000)
  })
  // What fits into the sockets between us is all that the server could write.
  expect(written).toBeLessThan(16)
  expect((await other).error).toBeUndefined()
  expect(stopped).toMatchObject({ code: 'client_gone', message: expect.stringContaining('too slowly for a stream') })
  expect(written).toBe(64)
})
