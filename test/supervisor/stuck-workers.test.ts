import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ask, isAlive, Supervised, until } from '../support/supervised.ts'

/** Changes what another process may do. */
const PRLIMIT = '/usr/bin/prlimit'

/** So many connections wait for a worker that is ready. */
const WAITING = 1024

const askedTimes = (count: number, url: string) => Array.from({ length: count }, () => ask(url))

/** From now on it loses every connection that it is given. */
const fill = (pid: number | undefined) => execFileSync(PRLIMIT, ['--pid', String(pid), '--nofile=3:'])

describe.skipIf(!existsSync(PRLIMIT))('a worker that may open no more files', () => {
  test('hears that it is to end, finishes its calls, and what it could not take is refused', async () => {
    await using gateway = new Supervised({ workers: 1 })
    const url = await gateway.url()
    const slow = ask(`${url}/slow?ms=3000`)
    await sleep(100)
    fill(gateway.pids[0])
    const lost = askedTimes(3, `${url}/`)
    await sleep(100)
    const began = performance.now()
    gateway.child.kill('SIGTERM')
    expect((await Promise.all(lost)).map(({ status }) => status)).toEqual([503, 503, 503])
    expect(isAlive(gateway.pids[0] ?? 0)).toBe(true)
    expect((await slow).status).toBe(200)
    expect(await gateway.exited()).toBe(0)
    // It is killed three seconds after its five for the drain.
    expect(performance.now() - began).toBeLessThan(6000)
  })

  test('hears that it is to end at once', async () => {
    await using gateway = new Supervised({ workers: 1, drainMs: 60_000 })
    const url = await gateway.url()
    const slow = ask(`${url}/slow?ms=60000`).catch((error: Error) => error.message)
    await sleep(100)
    fill(gateway.pids[0])
    const lost = askedTimes(3, `${url}/`)
    await sleep(100)
    gateway.child.kill('SIGTERM')
    await sleep(50)
    const began = performance.now()
    gateway.child.kill('SIGTERM')
    expect((await Promise.all(lost)).map(({ status }) => status)).toEqual([503, 503, 503])
    expect(await slow).toMatch(/socket hang up|ECONNRESET/)
    expect(await gateway.exited()).toBe(0)
    // It is killed after three seconds.
    expect(performance.now() - began).toBeLessThan(2900)
  })
})

describe('a worker that takes nothing', () => {
  test('gets nothing either, and again as soon as it takes what it has', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    await gateway.workersReady(2)
    const [stopped = 0, other] = gateway.pids
    process.kill(stopped, 'SIGSTOP')
    const first = askedTimes(2, `${url}/`)
    expect((await Promise.race(first)).body['pid']).toBe(other)
    await sleep(3200)
    const others = await Promise.all(askedTimes(20, `${url}/`))
    expect(others.map(({ body }) => body['pid'])).toEqual(Array.from({ length: 20 }, () => other))
    process.kill(stopped, 'SIGCONT')
    expect((await Promise.all(first)).map(({ body }) => body['pid'])).toContain(stopped)
    await until(async () => (await ask(`${url}/`)).body['pid'] === stopped, 2000)
  })

  test('is waited for where there is no other', async () => {
    await using gateway = new Supervised({ workers: 1 })
    const url = await gateway.url()
    await ask(`${url}/block?ms=4500`)
    await sleep(200)
    const early = ask(`${url}/`)
    await sleep(3300)
    const began = performance.now()
    const late = askedTimes(20, `${url}/`)
    expect((await Promise.all([early, ...late])).map(({ status }) => status)).toEqual(
      Array.from({ length: 21 }, () => 200),
    )
    // Nobody who waits for a worker to be ready is refused before ten seconds.
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

test('what waits for a worker that is about to end by itself goes to the others', async () => {
  await using gateway = new Supervised()
  const url = await gateway.url()
  await gateway.workersReady(2)
  const [ending = 0] = gateway.pids
  process.kill(ending, 'SIGSTOP')
  const asked = askedTimes(50, `${url}/`)
  await sleep(300)
  process.kill(ending, 'SIGTERM')
  process.kill(ending, 'SIGCONT')
  const answers = await Promise.all(asked)
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
  // Half of them came for it.
  expect(answers.filter(({ body }) => body['pid'] === ending).length).toBeLessThan(10)
})

test.skipIf(!existsSync('/proc/self/fd'))('who is refused leaves nothing open', async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  await using gateway = new Supervised({ port, workers: 1, greeting: 'waiting' })
  await gateway.line('waiting')
  const open = () => readdirSync(`/proc/${gateway.child.pid ?? 0}/fd`).length
  const before = open()
  const statuses: number[] = []
  for (const asked of askedTimes(WAITING + 50, `http://127.0.0.1:${port}/`))
    asked.then(({ status }) => statuses.push(status)).catch(() => {})
  await until(() => statuses.length === 50, 8000)
  expect(statuses).toEqual(Array.from({ length: 50 }, () => 503))
  await until(() => open() <= before + WAITING, 1500)
})
