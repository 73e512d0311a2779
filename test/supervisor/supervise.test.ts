import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { processTree } from '../support/processes.ts'
import { ask, isAlive, Supervised, until } from '../support/supervised.ts'

/** Changes what another process may do. */
const PRLIMIT = '/usr/bin/prlimit'

describe('serving', () => {
  test('both loopback addresses answer on one port, the workers in turn, with what was prepared', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    await gateway.workersReady(2)
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(`${url}/`)))
    expect(answers.map(({ body }) => Number(body['index'])).toSorted((a, b) => a - b)).toEqual([0, 0, 1, 1])
    expect(answers[0]?.body).toMatchObject({ greeting: 'hello', key: '010203' })
    const { addresses } = await gateway.line('ready')
    for (const address of addresses as string[]) expect((await ask(`http://${address}/`)).status).toBe(200)
  })

  test('a connection that comes before a worker is ready waits for it', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    await using gateway = new Supervised({ port, greeting: 'slow' })
    await gateway.line('progress')
    expect(gateway.pids).toEqual([])
    expect((await ask(`http://127.0.0.1:${port}/`)).body).toMatchObject({ greeting: 'slow' })
  })

  test('slow heads are cut although the server of a worker never listens', async () => {
    await using gateway = new Supervised({ workers: 1 })
    const socket = connect(Number(new URL(await gateway.url()).port), '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
    const [said] = (await once(socket, 'data')) as [Buffer]
    expect(said.toString()).toMatch(/^HTTP\/1\.1 408 /)
    socket.destroy()
  })

  test('a port in use is an error that names it and the way out', async () => {
    await using first = new Supervised({ workers: 1 })
    const port = Number(new URL(await first.url()).port)
    await using second = new Supervised({ port })
    expect((await second.line('failed'))['failed']).toMatch(new RegExp(`port ${port} on 127.0.0.1 is in use.*PORT=`))
    expect(await second.exited()).toBe(1)
    expect(second.lines.some((line) => 'progress' in line)).toBe(false)
  })

  test('a port in use on ::1 only is an error too', async () => {
    const other = createServer().listen(0, '::1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await using gateway = new Supervised({ port })
    expect((await gateway.line('failed'))['failed']).toContain(`port ${port} on ::1 is in use`)
    other.close()
  })
})

describe('what travels between processes', () => {
  test('a wake reaches every worker', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    await gateway.workersReady(2)
    gateway.child.kill('SIGUSR2')
    await until(async () => {
      const known = await Promise.all([ask(`${url}/known`), ask(`${url}/known`)])
      return (
        new Set(known.map(({ body }) => `${String(body['pid'])} ${String(body['wakes'])}`)).size === 2 &&
        known.every(({ body }) => String(body['wakes']) === '1')
      )
    }, 2000)
  })

  test('a wake does not wait behind connections that a worker has yet to take', async () => {
    await using gateway = new Supervised({ workers: 1 })
    const url = await gateway.url()
    await ask(`${url}/block?ms=700`)
    const asked = Array.from({ length: 100 }, () => ask(`${url}/`))
    await sleep(400)
    gateway.child.kill('SIGUSR2')
    expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true)
    const { body } = await ask(`${url}/known`)
    expect(body['wokenAfter']).toHaveLength(1)
    // Of a hundred: in the middle of the rush, and not at its end.
    expect((body['wokenAfter'] as number[])[0]).toBeLessThan(50)
  })

  test.skipIf(!existsSync(PRLIMIT))('a connection that a full process lost is given again', async () => {
    await using gateway = new Supervised({ workers: 1 })
    const url = await gateway.url()
    await ask(`${url}/`)
    const pid = String(gateway.pids[0])
    const most = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number)) + 1
    const allow = (files: number) => execFileSync(PRLIMIT, ['--pid', pid, `--nofile=${files}:`])
    allow(most)
    const answers = Promise.all([ask(`${url}/`), ask(`${url}/`), ask(`${url}/`)])
    await sleep(300)
    allow(most + 100)
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test('a fact reaches the other workers and those that start later', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    await gateway.workersReady(2)
    await ask(`${url}/tell?value=first`)
    await ask(`${url}/tell?value=second`)
    await until(async () => {
      const known = await Promise.all([ask(`${url}/known`), ask(`${url}/known`)])
      return (
        known
          .flatMap(({ body }) => body['facts'] as string[])
          .toSorted()
          .join() === 'first,second'
      )
    }, 2000)
    process.kill(gateway.pids[0] ?? 0, 'SIGKILL')
    await gateway.workersReady(3)
    await until(async () => {
      const known = await Promise.all([ask(`${url}/known`), ask(`${url}/known`)])
      const fresh = known.find(({ body }) => body['pid'] === gateway.pids[2])
      return String(fresh?.body['facts']) === 'second'
    }, 2000)
  })

  test('whichever worker is asked collects what all have measured', async () => {
    await using gateway = new Supervised({ workers: 3 })
    const url = await gateway.url()
    await gateway.workersReady(3)
    const parts = (await ask(`${url}/collect`)).body as unknown as unknown[]
    expect(parts.map(String).toSorted()).toEqual(['supervisor', ...gateway.pids.map(String)].toSorted())
  })
})

describe('while the machine is prepared', () => {
  /** A supervisor that takes its time to prepare, and the workers that it has by then. */
  async function preparing() {
    const gateway = new Supervised({ greeting: 'patience' })
    await gateway.line('progress')
    const tree = processTree(gateway.child.pid ?? 0).map(({ pid }) => pid)
    return { gateway, early: tree.filter((pid) => pid !== gateway.child.pid) }
  }

  test('workers load already, and are taken; one that died meanwhile is not', async () => {
    const { gateway, early } = await preparing()
    await using _ended = gateway
    expect(early.length).toBe(2)
    const [dead = 0, kept] = early
    process.kill(dead, 'SIGKILL')
    await gateway.workersReady(2)
    expect(gateway.pids).toContain(kept)
    expect(gateway.pids).not.toContain(dead)
    expect((await ask(`${await gateway.url()}/`)).body).toMatchObject({ key: '010203' })
  })

  test('a start that is stopped takes them along', async () => {
    const { gateway, early } = await preparing()
    await using _ended = gateway
    gateway.child.kill('SIGTERM')
    expect(await gateway.exited()).toBe(0)
    await until(() => !early.some(isAlive), 2000)
    expect(early.length).toBe(2)
  })
})

describe('a worker that crashes', () => {
  test('is replaced within two seconds, and the others go on meanwhile', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    await gateway.workersReady(2)
    const [victim = 0, other] = gateway.pids
    const began = performance.now()
    process.kill(victim, 'SIGKILL')
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(`${url}/`)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(answers.map(({ body }) => body['pid'])).toContain(other)
    await gateway.workersReady(3)
    expect(performance.now() - began).toBeLessThan(2000)
  })

  test('with one worker alone, no connection is refused while it is replaced', async () => {
    await using gateway = new Supervised({ workers: 1 })
    const url = await gateway.url()
    process.kill(gateway.pids[0] ?? 0, 'SIGKILL')
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(`${url}/`)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
  })

  test('at every start ends the whole with its reason', async () => {
    await using gateway = new Supervised({ greeting: 'fail' })
    expect((await gateway.line('failed'))['failed']).toMatch(/the workers cannot start: .*the greeting is missing/s)
    expect(await gateway.exited()).toBe(1)
    expect(gateway.lines.some((line) => line['disposed'] === true)).toBe(true)
  })
})

describe('the end', () => {
  test('readiness turns false first, requests in flight are answered, then the port closes', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    await gateway.workersReady(2)
    const slow = ask(`${url}/slow?ms=1500`)
    await sleep(100)
    gateway.child.kill('SIGTERM')
    await gateway.line('ms')
    await until(async () => (await ask(`${url}/ready`)).status === 503, 400)
    expect((await slow).status).toBe(200)
    expect(await gateway.exited()).toBe(0)
    expect(gateway.lines.at(-1)).toEqual({ ended: true })
    expect(gateway.lines.at(-2)).toEqual({ disposed: true })
    await expect(ask(`${url}/`)).rejects.toThrow('ECONNREFUSED')
    expect(gateway.pids.filter(isAlive)).toEqual([])
  })

  test('connections that a worker has yet to take are answered', async () => {
    await using gateway = new Supervised({ workers: 1 })
    const url = await gateway.url()
    await ask(`${url}/block?ms=1000`)
    const asked = Array.from({ length: 50 }, () => ask(`${url}/`))
    await sleep(200)
    gateway.child.kill('SIGTERM')
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    expect(await gateway.exited()).toBe(0)
  })

  test('idle kept-alive connections do not hold it up', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    const agent = new Agent({ keepAlive: true })
    await ask(`${url}/`, agent)
    const began = performance.now()
    gateway.child.kill('SIGTERM')
    expect(await gateway.exited()).toBe(0)
    expect(performance.now() - began).toBeLessThan(2000)
    agent.destroy()
  })

  test('what takes longer than the drain is cut', async () => {
    await using gateway = new Supervised({ drainMs: 400 })
    const slow = ask(`${await gateway.url()}/slow?ms=60000`).catch((error: Error) => error.message)
    await sleep(100)
    gateway.child.kill('SIGTERM')
    expect(await gateway.exited()).toBe(0)
    expect(await slow).toMatch(/socket hang up|ECONNRESET/)
  })

  test('a second signal cuts the drain short', async () => {
    await using gateway = new Supervised({ drainMs: 60_000 })
    const slow = ask(`${await gateway.url()}/slow?ms=60000`).catch((error: Error) => error.message)
    await sleep(100)
    gateway.child.kill('SIGTERM')
    await sleep(800)
    expect(gateway.child.exitCode).toBe(null)
    gateway.child.kill('SIGTERM')
    expect(await gateway.exited()).toBe(0)
    expect(await slow).toMatch(/socket hang up|ECONNRESET/)
  })

  test('a signal to all of its processes at once replaces nobody', async () => {
    await using gateway = new Supervised()
    await gateway.url()
    await gateway.workersReady(2)
    for (const pid of [gateway.child.pid ?? 0, ...gateway.pids]) process.kill(pid, 'SIGTERM')
    expect(await gateway.exited()).toBe(0)
    expect(gateway.pids).toHaveLength(2)
    expect(gateway.lines.filter(({ event }) => event === 'worker.ended')).toEqual([])
  })

  test('workers whose supervisor vanishes finish what is in flight and end by themselves', async () => {
    await using gateway = new Supervised()
    const url = await gateway.url()
    await gateway.workersReady(2)
    const slow = ask(`${url}/slow?ms=1000`)
    await sleep(100)
    gateway.child.kill('SIGKILL')
    expect((await slow).status).toBe(200)
    await until(() => gateway.pids.filter(isAlive).length === 0, 3000)
  })

  test('a worker that still waits to start ends with its supervisor', async () => {
    await using gateway = new Supervised({ workers: 1, greeting: 'waiting' })
    const pid = Number((await gateway.line('waiting'))['waiting'])
    gateway.child.kill('SIGKILL')
    await until(() => !isAlive(pid), 3000)
  })
})
