import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FlowControl, Upstreams } from '#/upstream/upstreams.ts'
import { gatewayAt, requestTo, startUpstreams } from '../support/upstream-calls.ts'

let child: ChildProcess
let url = ''

beforeAll(async () => {
  child = fork(new URL('../support/huge-server.ts', import.meta.url))
  const [port] = (await once(child, 'message')) as [number]
  url = `http://127.0.0.1:${String(port)}/mcp`
})
afterAll(() => {
  child.kill()
})

interface Reading {
  received: number
  control: FlowControl | undefined
  readonly ended: Promise<string>
}

/** Reads one piece and pauses, until it is told to read on. */
function read(upstreams: Upstreams, gateway = gatewayAt(url), pauses = true): Reading {
  const { promise, resolve } = Promise.withResolvers<string>()
  const reading: Reading = { received: 0, control: undefined, ended: promise }
  upstreams.send(requestTo(gateway), {
    start: (answer) => {
      reading.control = answer.control
    },
    bytes: (chunk) => {
      reading.received += chunk.length
      if (pauses) reading.control?.pause()
    },
    endMessage: () => {},
    done: () => resolve('done'),
    failed: (error) => resolve(error.code),
  })
  return reading
}

/** Bytes that this process really holds. */
function held(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const aWhile = (ms: number) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

test('of a 100 MB answer whose client does not read, at most 2 MiB are held', async () => {
  await using parts = startUpstreams()
  await read(parts.upstreams, gatewayAt(url), false).ended
  const before = held()
  const readings = Array.from({ length: 16 }, () => read(parts.upstreams))
  await expect.poll(() => readings.every((reading) => reading.received > 0)).toBe(true)
  await aWhile(500)
  const each = (held() - before) / readings.length
  expect(each).toBeLessThan(2 << 20)
  const received = readings.map((reading) => reading.received)
  await aWhile(200)
  // Paused means paused.
  expect(readings.map((reading) => reading.received)).toEqual(received)
  expect(Math.max(...received)).toBeLessThan(1 << 20)
})

test('a slow client does not slow another call to the same server', async () => {
  await using parts = startUpstreams()
  const gateway = gatewayAt(url)
  const slow = read(parts.upstreams, gateway)
  await expect.poll(() => slow.received).toBeGreaterThan(0)
  const fast = read(parts.upstreams, gateway, false)
  expect(await fast.ended).toBe('done')
  expect(fast.received).toBeGreaterThan(100 << 20)
  expect(slow.received).toBeLessThan(1 << 20)
})

test('a client that reads on gets every byte, and slow reading is no timeout', async () => {
  await using parts = startUpstreams({ totalMs: 1500 })
  const reading = read(parts.upstreams)
  await expect.poll(() => reading.received).toBeGreaterThan(0)
  await aWhile(2000)
  const resume = setInterval(() => {
    for (let i = 0; i < 50; i++) reading.control?.resume()
  }, 0)
  expect(await reading.ended).toBe('done')
  clearInterval(resume)
  expect(reading.received).toBeGreaterThan(100 << 20)
})

test('a client that reads nothing at all is given up', async () => {
  await using parts = startUpstreams({ stalledMs: 200 })
  expect(await read(parts.upstreams).ended).toBe('client_gone')
})
