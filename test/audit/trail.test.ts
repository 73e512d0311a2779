import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyEndpoint } from '../access/doors.ts'
import { PEOPLE } from '../access/dry-run-people.ts'
import { dryScene, type DryScene, type Said } from '../access/dry-run-scene.ts'
import { TEAMS } from '../access/dry-run-teams.ts'
import { THINGS, type Row } from '../access/dry-run-things.ts'
import { LEAVES, NO_RECORD } from './trail-rows.ts'

const ASKED: Readonly<Record<string, Row>> = { ...THINGS, ...TEAMS, ...PEOPLE }

let scene: DryScene

beforeAll(async () => {
  scene = await dryScene()
})
afterAll(() => scene?.[Symbol.asyncDispose]())

test('every route that may write says what record it leaves, or why none', () => {
  const routes = everyEndpoint().flatMap(({ route }) => (route.startsWith('GET ') ? [] : [route]))
  expect([...Object.keys(LEAVES), ...Object.keys(NO_RECORD)].toSorted()).toEqual(routes.toSorted())
})

interface Recorded {
  readonly seq: number
  readonly action: string
  readonly detail: Said
}

const records = async (): Promise<readonly Recorded[]> =>
  (await scene.admin('GET', '/v1/audit?limit=20'))['records'] as readonly Recorded[]

/** By one of these a record names what it is about. */
const NAMES = ['name', 'email', 'uri'] as const

test.each(Object.entries(LEAVES))('%s', async (route, { action, detail, ask }) => {
  const [method = ''] = route.split(' ')
  const asked = await (ask ?? ASKED[route]?.valid)?.(scene)
  if (asked === undefined) throw new Error(`${route}: nobody says how it is asked for`)
  const [newest] = await records()
  const { status, said } = await scene.ask(method, asked)
  expect([status < 300, said]).toEqual([true, said])
  const left = (await records()).filter(({ seq }) => seq > (newest?.seq ?? 0))
  const record = left.find((one) => one.action === action)
  expect(left.map((one) => one.action)).toContain(action)
  expect(record?.detail).toMatchObject(detail)
  expect(NAMES.some((name) => typeof record?.detail[name] === 'string')).toBe(true)
  if (/^(PUT|PATCH) /.test(route)) expect(record?.detail['changes']).not.toEqual({})
  expect(JSON.stringify(record)).not.toContain('passphrase')
})

test('a change that changes nothing says so', async () => {
  const id = await scene.team()
  await scene.admin('PUT', `/v1/teams/${id}`, { visibility: 'private' })
  const [record] = await records()
  expect([record?.action, record?.detail['changes']]).toEqual(['teams.update', {}])
})
