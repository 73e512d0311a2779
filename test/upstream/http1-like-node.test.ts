import { once } from 'node:events'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exchange, lanesTo } from '../support/lane-exchange.ts'
import { listen } from '../support/listen.ts'

interface Said {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** Of what both clients hear, all but what changes from one response to the next. */
function said(status: number, headers: Iterable<readonly [string, string]>, body: Buffer): Said {
  const kept = [...headers].filter(([name]) => name !== 'date' && name !== 'set-cookie')
  return { status, headers: Object.fromEntries(kept), body: body.toString('latin1') }
}

async function byNode(url: string): Promise<Said> {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const headers = Object.entries(response.headersDistinct).map(
    ([name, values = []]) => [name, values.join(', ')] as const,
  )
  return said(response.statusCode ?? 0, headers, Buffer.concat(chunks))
}

const plan = fc.record({
  status: fc.constantFrom(200, 201, 202, 204, 304, 400, 404, 500, 503),
  framing: fc.constantFrom('chunked', 'length', 'close'),
  interim: fc.boolean(),
  trailer: fc.boolean(),
  fields: fc.array(fc.tuple(fc.constantFrom('x-a', 'X-B', 'via', 'Content-Type'), fc.stringMatching(/^[!-~]{1,20}$/)), {
    maxLength: 4,
  }),
  parts: fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 5 }),
})
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never

function follow(planned: Plan, response: ServerResponse): void {
  const { status, framing, interim, trailer, fields, parts } = planned
  if (interim) response.writeEarlyHints({ link: '</style.css>; rel=preload' })
  if (interim) response.writeProcessing()
  const bodiless = status === 204 || status === 304
  const sums = framing === 'chunked' && trailer && !bodiless
  for (const [name, value] of fields) response.appendHeader(name, value)
  if (framing === 'length' && !bodiless) response.setHeader('content-length', Buffer.concat(parts).length)
  if (framing === 'close') {
    response.useChunkedEncodingByDefault = false
    response.setHeader('connection', 'close')
  }
  if (sums) response.setHeader('trailer', 'x-sum')
  response.writeHead(status)
  if (!bodiless) for (const part of parts) response.write(part)
  if (sums) response.addTrailers({ 'x-sum': '1' })
  response.end()
}

test('what a server of node:http says is heard as its own client hears it, over connections that serve again', async () => {
  let planned: Plan | undefined
  let connections = 0
  await using server = await listen((_request, response) => {
    if (planned !== undefined) follow(planned, response)
  })
  server.server.on('connection', () => connections++)
  using lanes = lanesTo(`${server.origin}/x`)
  let runs = 0
  let closing = 0
  await fc.assert(
    fc.asyncProperty(plan, async (each) => {
      planned = each
      runs++
      const expected = await byNode(`${server.origin}/x`)
      const heard = await exchange(lanes)
      expect(heard.error).toBeUndefined()
      expect(said(heard.status, heard.headers, heard.body)).toEqual({
        ...expected,
        headers: { ...expected.headers, connection: heard.headers.get('connection') },
      })
      if (heard.headers.get('connection') === 'close') closing++
    }),
    { numRuns: 150 },
  )
  expect(closing).toBeGreaterThan(0)
  // Node's client opens one each; ours one after each that was closed.
  expect(connections).toBeLessThanOrEqual(runs + closing + 1)
})
