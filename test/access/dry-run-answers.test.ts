import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyEndpoint } from './doors.ts'
import { ENTRIES } from './dry-run-entries.ts'
import { WITHOUT } from './dry-run-none.ts'
import { PEOPLE } from './dry-run-people.ts'
import { dryScene, type Answered, type DryScene } from './dry-run-scene.ts'
import { TEAMS } from './dry-run-teams.ts'
import { THINGS, type Row } from './dry-run-things.ts'

const ROWS: Readonly<Record<string, Row>> = { ...THINGS, ...TEAMS, ...ENTRIES, ...PEOPLE }

/** Declared files are asked about as a whole: what becomes of each step is in the answer, whatever its status. */
const WHOLE = 'POST /declared'

let scene: DryScene

beforeAll(async () => {
  scene = await dryScene()
})
afterAll(() => scene?.[Symbol.asyncDispose]())

test('every route that can be asked what it would do has a row', () => {
  const routes = everyEndpoint().flatMap(({ route, query }) => (query?.properties['dry_run'] ? [route] : []))
  expect(Object.keys(ROWS).toSorted()).toEqual(routes.filter((route) => route !== WHOLE).toSorted())
})

test('every route that changes something can be asked what it would do, or is listed with the reason why not', () => {
  const changing = everyEndpoint().filter(({ route }) => !route.startsWith('GET '))
  const without = changing.filter(({ query }) => query?.properties['dry_run'] === undefined)
  expect(Object.keys(WITHOUT).toSorted()).toEqual(without.map(({ route }) => route).toSorted())
})

const dryPath = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}dry_run=true`

/** What was said, without what is different each time; a success is any. */
function wordsOf({ status, said: { code, field } }: Answered): unknown {
  return status < 300 ? 200 : [status, code, field]
}

test.each(Object.entries(ROWS))(
  '%s: the dry run is answered as the change is',
  async (route, row) => {
    const { others = {}, ...usual } = row
    const [method = ''] = route.split(' ')
    const differing: unknown[] = []
    for (const [name, made] of Object.entries({ ...usual, ...others })) {
      if (made === null) continue
      const { status, ...asked } = await made(scene)
      const before = await scene.clock()
      const dry = await scene.ask(method, { ...asked, path: dryPath(asked.path) })
      expect([route, name, await scene.clock()]).toEqual([route, name, before])
      if (dry.status < 300)
        expect([route, name, dry.status, dry.said]).toMatchObject([route, name, 200, { dry_run: true }])
      const real = await scene.ask(method, asked)
      if (JSON.stringify(wordsOf(dry)) !== JSON.stringify(wordsOf(real)))
        differing.push({ name, dry: wordsOf(dry), real: wordsOf(real) })
      // The case is what it is called: else nothing was compared.
      const answered = real.status < 300 ? 200 : real.status
      if (answered !== status) differing.push({ name, status, answered, said: real.said })
    }
    expect(differing).toEqual([])
  },
  60_000,
)
