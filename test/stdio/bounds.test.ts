import { describe, expect, test } from 'vitest'
import { startHost, until } from '../support/stdio-host.ts'

describe('bounds of a machine', () => {
  test('what nobody uses gives way; where all are at work, it is said', async () => {
    await using small = await startHost({ maxProcesses: 2 })
    const [a, b, c] = [small.launch([]), small.launch([]), small.launch([])]
    const first = JSON.parse(await small.call(a, 'pid')) as { pid: number }
    const busy = small.call(b, 'slow', { n: 1500 })
    await until(() => small.host.figures.busy === 1)
    expect(await small.call(c, 'echo', { text: 'made room' })).toBe('made room')
    await until(() => !small.groups.has(first.pid))
    const third = small.call(c, 'slow', { n: 1000 })
    await until(() => small.host.figures.busy === 2)
    expect(await small.call(a, 'echo')).toMatch(/^2 processes of stdio servers are at work/)
    expect(await Promise.all([busy, third])).toEqual(['slept 1500', 'slept 1000'])
  })

  test('a process that nobody uses ends; the next call starts it again', async () => {
    await using brief = await startHost({ idleMs: 300 })
    const launch = brief.launch([])
    const { pid } = JSON.parse(await brief.call(launch, 'pid')) as { pid: number }
    await until(() => brief.groups.size === 0)
    expect(brief.host.figures.processes).toBe(0)
    expect((JSON.parse(await brief.call(launch, 'pid')) as { pid: number }).pid).not.toBe(pid)
  })

  test('a launch on trial ends unless it is kept, and is kept where it becomes the gateway’s own', async () => {
    await using brief = await startHost()
    const trial = brief.launch([], { trial: true })
    const { pid } = JSON.parse(await brief.call(trial, 'pid')) as { pid: number }
    const kept = JSON.parse(await brief.call({ ...trial, trial: false }, 'pid')) as { pid: number }
    expect(kept.pid).toBe(pid)
    const changed = { ...trial, env: { OTHER: 'yes' }, version: 2 }
    const tried = JSON.parse(await brief.call(changed, 'pid')) as { pid: number }
    expect(tried.pid).not.toBe(pid)
    expect(await brief.call({ ...trial, trial: false }, 'echo', { text: 'still' })).toBe('still')
    expect(JSON.parse(await brief.call({ ...changed, trial: false }, 'pid'))).toMatchObject({ pid: tried.pid })
    await until(() => !brief.groups.has(pid))
    expect(JSON.parse(await brief.call({ ...trial, trial: false }, 'pid'))).toMatchObject({ pid: tried.pid })
    expect(brief.host.figures.processes).toBe(1)
  })

  test('1,000 calls that are given up and 100 crashes leave nothing behind', async () => {
    await using one = await startHost()
    const launch = one.launch([])
    await one.call(launch, 'echo')
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const pipes = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length
    const before = { timers: timers(), pipes: pipes() }
    for (let round = 0; round < 10; round++) {
      const gone = new AbortController()
      const calls = Array.from({ length: 100 }, () =>
        one.call(launch, 'never', {}, { signal: gone.signal }).catch(() => 'gone'),
      )
      await until(() => one.host.figures.busy === 100)
      gone.abort()
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['gone']))
      await until(() => one.host.figures.busy === 0)
    }
    expect(await one.call(launch, 'cancelled')).toBe('1000')
    expect(one.groups.size).toBe(1)
    for (let n = 0; n < 100; n += 10) {
      const crashing = Array.from({ length: 10 }, () => one.launch([]))
      await Promise.all(crashing.map((each) => one.call(each, 'crash')))
      for (const { gatewayId } of crashing) one.host.retire({ gatewayId, version: 1, gone: true })
    }
    await until(() => one.groups.size === 1)
    await until(() => timers() <= before.timers && pipes() <= before.pipes)
    expect(await one.call(launch, 'echo', { text: 'same as ever' })).toBe('same as ever')
  }, 60_000)
})
