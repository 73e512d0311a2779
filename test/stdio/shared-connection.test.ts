import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { frameOf, MAX_PAYLOAD } from '../../src/lib/frames.ts'
import { KIND, WINDOW } from '../../src/stdio/kinds.ts'
import type { Launch } from '../../src/stdio/launch.ts'
import type { Flow } from '../../src/upstream/http1-connection.ts'
import type { StdioLanes } from '../../src/upstream/stdio-lanes.ts'
import { lanesTo, startHost, until, type TestHost } from '../support/stdio-host.ts'

let host: TestHost
beforeAll(async () => {
  host = await startHost()
})
afterAll(async () => await host[Symbol.asyncDispose]())

/** One call under way, as far as it has come. */
interface Under {
  readonly flow: Flow
  readonly bytes: () => number
  readonly text: () => string
  readonly over: Promise<'ended' | Error>
  cut(): void
}

function begin(lanes: StdioLanes, name: string, args: object = {}, meta: object = {}): Promise<Under> {
  const params = { name, arguments: args, _meta: meta }
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }))
  const chunks: Buffer[] = []
  const lane = lanes.take()
  const over = Promise.withResolvers<'ended' | Error>()
  return new Promise((resolve) => {
    lane.send(
      { method: 'POST', fields: '', body },
      {
        onRequestStart: (flow) =>
          resolve({
            flow,
            bytes: () => chunks.reduce((sum, chunk) => sum + chunk.length, 0),
            text: () => Buffer.concat(chunks).toString(),
            over: over.promise,
            cut: () => lanes.discard(lane),
          }),
        onResponseStart: () => {},
        onResponseData: (chunk) => void chunks.push(chunk),
        onResponseEnd: () => over.resolve('ended'),
        onResponseError: (cause) => over.resolve(cause),
      },
    )
  })
}

test('any number of calls share one connection, and each has its own answer', async () => {
  using lanes = lanesTo(host.path, host.launch([]))
  const before = host.connections()
  const calls = await Promise.all(Array.from({ length: 200 }, (_, n) => begin(lanes, 'echo', { text: `t${n}` })))
  expect(await Promise.all(calls.map(({ over }) => over))).toEqual(Array.from({ length: 200 }, () => 'ended'))
  expect(calls.filter((call, n) => !call.text().includes(`"t${n}"`))).toEqual([])
  expect(host.connections()).toBe(before + 1)
})

test('a reader that pauses holds up its own answer and no other', async () => {
  using lanes = lanesTo(host.path, host.launch([]))
  const size = 12 << 20
  const big = await begin(lanes, 'big', { n: size })
  big.flow.pause()
  await until(() => big.bytes() >= WINDOW)
  const small = await begin(lanes, 'echo', { text: 'meanwhile' })
  expect(await small.over).toBe('ended')
  expect(big.bytes()).toBe(WINDOW)
  big.flow.resume()
  expect(await big.over).toBe('ended')
  expect((JSON.parse(big.text()) as { result: { content: { text: string }[] } }).result.content[0]?.text).toBe(
    'y'.repeat(size),
  )
})

test('events that nobody reads are cut off, and other calls go on', async () => {
  using lanes = lanesTo(host.path, host.launch([]))
  const flood = await begin(lanes, 'steps', { n: 60_000 }, { progressToken: 'mine' })
  flood.flow.pause()
  const other = await begin(lanes, 'echo')
  expect(await flood.over).toBeInstanceOf(Error)
  expect(await other.over).toBe('ended')
})

test('one that is cut cancels itself alone', async () => {
  const launch = host.launch([])
  using lanes = lanesTo(host.path, launch)
  const slow = await begin(lanes, 'slow', { n: 300 })
  const never = await begin(lanes, 'never')
  await until(() => host.host.figures.busy === 2)
  never.cut()
  expect(await slow.over).toBe('ended')
  expect(await host.call(launch, 'cancelled')).toBe('1')
  expect(host.host.figures.busy).toBe(0)
})

test('a connection that breaks ends all calls on it, and the next call opens another', async () => {
  const path = `${host.path}-deaf`
  const sockets: Socket[] = []
  const deaf = createServer((socket) => void sockets.push(socket.on('error', () => {}).resume())).listen(path)
  await once(deaf, 'listening')
  using lanes = lanesTo(path, host.launch([]))
  for (let opened = 1; opened <= 2; opened++) {
    const calls = await Promise.all([begin(lanes, 'never'), begin(lanes, 'never')])
    await until(() => sockets.length === opened)
    sockets.at(-1)?.destroy()
    for (const { over } of calls) expect(await over).toBeInstanceOf(Error)
  }
  deaf.close()
})

test('a worker that dies gives up all its calls', async () => {
  const socket = connect(host.path)
  socket.write(launchFrame(host.launch([])))
  for (const id of [1, 2]) {
    const params = { name: 'never', arguments: {} }
    const message = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })
    socket.write(frameOf(KIND.post, id, Buffer.from(`\n${message}`)))
  }
  await until(() => host.host.figures.busy === 2)
  socket.destroy()
  await until(() => host.host.figures.busy === 0)
})

test.each([
  ['a request before its launch', () => frameOf(KIND.post, 1, Buffer.from('\n{}'))],
  ['a kind that is none', () => Buffer.concat([launchFrame(host.launch([])), frameOf(99, 1, Buffer.from('x'))])],
  ['a frame beyond the bound', () => lengthened(frameOf(KIND.launch, 0, Buffer.from('{}')))],
  ['HTTP', () => Buffer.from('POST /mcp HTTP/1.1\r\nhost: stdio\r\ncontent-length: 2\r\n\r\n{}')],
])('%s ends the connection', async (_name, bytes) => {
  const socket = connect(host.path)
  socket.on('error', () => {})
  socket.write(bytes())
  await once(socket, 'close')
  expect(host.host.figures.busy).toBe(0)
})

function launchFrame(launch: Launch): Buffer {
  return frameOf(KIND.launch, 0, Buffer.from(JSON.stringify(launch)))
}

function lengthened(frame: Buffer): Buffer {
  frame.writeUInt32LE(MAX_PAYLOAD + 1, 0)
  return frame
}
