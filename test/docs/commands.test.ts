import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/child-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { Desk, runPage } from './page-run.ts'
import { allPages, blocksIn, isShownIn, type Page } from './pages.ts'

const PAGES = allPages()
const blocks = PAGES.flatMap((page) => page.blocks)
const left = blocks.filter(({ kind }) => kind === 'no-run')
const runs = PAGES.filter((page) => page.blocks.some(({ kind }) => kind !== 'no-run'))

type Json = Readonly<Record<string, unknown>>

let gateway: RunningGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  console.log(`${blocks.length - left.length} blocks of commands were run, ${left.length} were not:`)
  for (const [reason, those] of Map.groupBy(left, (block) => block.reason))
    console.log(`  ${reason}: ${those.map(({ page, line }) => `${page}:${line}`).join(', ')}`)
})

/** What the page before has made goes, so that this one finds an empty gateway. Tokens of clients are left: connecting replaces them. */
async function cleared(): Promise<void> {
  const listed = async (path: string): Promise<Json> => (await gateway.api('GET', path)).body
  const tokens = (await listed('/v1/tokens?limit=100'))['tokens'] as readonly Json[]
  const things = {
    servers: (await listed('/v1/servers?limit=0&include_inactive=true')) as unknown as readonly Json[],
    gateways: (await listed('/v1/gateways?limit=0&include_inactive=true')) as unknown as readonly Json[],
    tokens: tokens.filter(({ name }) => !/^administrator|@/.test(String(name))),
  }
  for (const [noun, list] of Object.entries(things))
    for (const { id } of list) await gateway.api('DELETE', `/v1/${noun}/${String(id)}`)
}

async function settingsFor(page: Page, desk: Desk): Promise<Record<string, string>> {
  const own = page.blocks.some(({ kind }) => kind === 'background')
  if (!own) return { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir }
  const port = String(await freePort())
  return {
    CAUSEWAY_URL: `http://127.0.0.1:${port}`,
    PORT: port,
    CAUSEWAY_DATA_DIR: `${desk.folder}/data`,
    CAUSEWAY_WORKERS: '1',
  }
}

/** The database of the pages, empty, and a pooler before it. */
async function databases(page: Page, owned: AsyncDisposableStack): Promise<Record<string, string>> {
  if (!page.blocks.some(({ text }) => text.includes('db.example.org'))) return {}
  const { url } = owned.use(await testDatabase({ template: 'template0' }))
  const pooler = owned.use(await startPgBouncer(url))
  const there = (port: number): string => `postgresql://causeway:secret@db.example.org:${port}/causeway`
  return { [there(5432)]: `'${url}'`, [there(6432)]: `'${pooler.url}'` }
}

describe('every block of commands', () => {
  test.each(runs.map((page) => [page.path, page] as const))(
    '%s',
    async (_, page) => {
      using desk = new Desk()
      await using owned = new AsyncDisposableStack()
      await cleared()
      const env = await settingsFor(page, desk)
      const instead = {
        ...(await databases(page, owned)),
        4444: new URL(env['CAUSEWAY_URL'] ?? '').port,
        3001: String(await freePort()),
      }
      for (const { block, printed } of await runPage(page, desk, { env, instead, withinMs: 60_000 }))
        if (block.shown !== null && !isShownIn(block.shown, printed))
          expect(printed, `${block.page}:${block.line} shows something else`).toBe(block.shown)
    },
    90_000,
  )

  test.each(left.map((block) => [`${block.page}:${block.line}`, block.text]))(
    '%s, which cannot be run here, is no nonsense',
    (_, text) => {
      execFileSync('bash', ['-n'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] })
    },
  )
})

describe('how pages are read', () => {
  test('marks, reasons and what is shown', () => {
    const page =
      '```sh\na\n```\n\n```text\nb\n```\n\n```sh no-run: no time\nc\n```\n\nWords.\n\n```text\nd\n```\n\n```json\n{}\n```'
    expect(blocksIn('p', page)).toMatchObject([
      { line: 1, text: 'a', kind: 'run', shown: 'b' },
      { line: 9, text: 'c', kind: 'no-run', reason: 'no time', shown: null },
    ])
  })

  test.each(['```sh no-run\n```', '```sh later\n```', '```bash\n```', '```sh\na'])('%j is refused', (text) => {
    expect(() => blocksIn('p', text)).toThrow()
  })

  test.each([
    ['added x (…)\n1 tool', 'connecting\nadded x (server, legacy)\n1   tool\n', true],
    ['one\nthree', 'one\ntwo\nthree', true],
    ['three\none', 'one\ntwo\nthree', false],
    ['added y', 'added x', false],
  ])('%j in %j: %s', (shown, printed, expected) => {
    expect(isShownIn(shown, printed)).toBe(expected)
  })
})
