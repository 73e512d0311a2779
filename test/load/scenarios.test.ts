import { describe, expect, test } from 'vitest'
import { findScenario, scenarioNames } from '../../bench/lab/scenario-file/find-scenario.ts'
import { readScenario, type Overrides } from '../../bench/lab/scenario-file/read-scenario.ts'

const LEAST = {
  loop: { kind: 'closed', users: 10, thinkSeconds: [1, 2] },
  mix: [{ request: 'call', share: 100, at: 'aggregate' }],
}
const read = (scenario: object, overrides: Overrides = {}) =>
  readScenario(JSON.stringify(scenario), { ...overrides, name: 'mine' })

/** The lines below the first. */
function mistakes(scenario: object, overrides?: Overrides): string[] {
  try {
    read(scenario, overrides)
    return []
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1)
  }
}

describe("the laboratory's own scenarios", () => {
  test.each(scenarioNames())('%s can be run and says what it is', (name) => {
    const scenario = findScenario(name)
    expect(scenario.name).toBe(name)
    expect(scenario.about.length).toBeGreaterThan(20)
  })

  test('founding is the load that this gateway exists for', () => {
    expect(findScenario('founding')).toMatchObject({
      loop: { kind: 'closed', users: 4000, thinkSeconds: [5, 15] },
      rampSeconds: 60,
      seconds: 840,
    })
  })
})

describe('a file of your own', () => {
  test('says as little as a loop and a mix', () => {
    expect(read(LEAST)).toMatchObject({ name: 'mine', seconds: 60, clients: { legacy: 50, modern: 50, rpc: 0 } })
  })

  test('is overridden by the command line', () => {
    const many = { ...LEAST, loop: { ...LEAST.loop, users: 1000 }, controlUsers: 100 }
    expect(read(many, { users: 50, seconds: 5, ramp: 1, seed: 9 })).toMatchObject({
      loop: { kind: 'closed', users: 50, thinkSeconds: [1, 2] },
      controlUsers: 5,
      seconds: 5,
      rampSeconds: 1,
      seed: 9,
    })
  })

  test.each([
    [{ loop: { ...LEAST.loop, users: 0 } }, ['loop.users must be a whole number from 1 to 100000, not 0']],
    [
      { loop: { ...LEAST.loop, thinkSeconds: 5 } },
      ['loop.thinkSeconds must be two numbers, from and to, such as [5, 15], not 5'],
    ],
    [{ loop: { ...LEAST.loop, thinkSeconds: [5, 1] } }, ['loop.thinkSeconds must not end before it begins: [5,1]']],
    [{ loop: { kind: 'half-open' } }, ['loop.kind must be one of closed, open, not "half-open"']],
    [{ mix: [] }, ['mix must have at least 1 item']],
    [{ mix: [{ request: 'call', share: 90, at: 'aggregate' }] }, ['mix the shares must add up to 100, not 90']],
    [
      { mix: [{ request: 'page', share: 100, path: 'docs' }] },
      ['mix[0].path must be a path that begins with /, not "docs"'],
    ],
    [
      { mix: [{ request: 'call', share: 100, at: 'aggregate', path: '/x' }] },
      ['mix[0].path is not known here; there are request, share, at'],
    ],
    [
      { failures: [{ share: 101, does: 'explode' }] },
      [
        'failures[0].share must be a number from 0 to 100, not 101',
        'failures[0].does must be one of error, tool-error, reset, hang, half-body, bad-json, not "explode"',
        'failures the shares must add up to at most 100, not 101',
      ],
    ],
    [
      { upstreams: { legacy: 0, modern: 0 } },
      ['upstreams must be at least one, because the mix asks for what servers offer'],
    ],
    [
      { usres: 5, seconds: '9' },
      ['seconds must be a whole number from 1 to 86400, not "9"', /^usres is not known here/],
    ],
  ])('%j', (wrong, expected) => {
    expect(mistakes({ ...LEAST, ...wrong })).toEqual(
      expected.map((one) => (typeof one === 'string' ? one : (expect.stringMatching(one) as string))),
    )
  })

  test('a mistake on the command line is one of the field that it means', () => {
    expect(mistakes(LEAST, { users: 0.5, seconds: 0 })).toEqual([
      'loop.users must be a whole number from 1 to 100000, not 0.5',
      'seconds must be a whole number from 1 to 86400, not 0',
    ])
    expect(mistakes(LEAST, { rate: 5 })).toEqual([
      'loop.perSecond is not known here; there are kind, users, thinkSeconds',
    ])
  })

  test('what is no JSON, no object, no file or no name says so', () => {
    expect(() => readScenario('{', { name: 'mine' })).toThrow(/^the scenario mine is not JSON: /)
    expect(() => readScenario('[]', { name: 'mine' })).toThrow('the scenario mine must be a JSON object')
    expect(() => findScenario('./none.json')).toThrow(/^the scenario \.\/none\.json cannot be read: ENOENT/)
    expect(() => findScenario('fonding')).toThrow(/there is no scenario fonding: it must be one of founding, /)
  })
})
