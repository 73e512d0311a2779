import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { inventedResults } from './invented.ts'
import { plotSvg } from './picture.ts'
import { PLOTS, type Which } from './plots.ts'
import { reportHtml } from './report.ts'
import type { Results } from '../results.ts'

const ATTACK = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&`

/** Every text of the results that comes from elsewhere, replaced. */
function hostile(value: unknown): unknown {
  if (typeof value === 'string') return ATTACK
  if (Array.isArray(value)) return value.map(hostile)
  if (typeof value !== 'object' || value === null) return value
  const keep = (key: string, each: unknown): unknown =>
    key === 'kind' && (each === 'closed' || each === 'open') ? each : hostile(each)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, keep(key, each)]))
}
const attack = (): Results => {
  const results = hostile(inventedResults()) as Results
  const ticks = results.ticks.map((tick) => ({
    ...tick,
    database: tick.database && { ...tick.database, states: { [ATTACK]: 3 } },
  }))
  return { ...results, ticks, database: results.database && { ...results.database, errors: { [ATTACK]: 2 } } }
}

const pieces = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`<${name}[^>]*>([^]*?)</${name}>`, 'g'))].map((match) => match[1] ?? '')

/** Every element is closed in its order. */
function expectWellFormed(xml: string): void {
  const open: string[] = []
  for (const [, close, name, empty] of xml.matchAll(/<(\/?)([a-z]+)(?:\s[a-zA-Z][\w-]*="[^"<]*")*\s*(\/?)>/g))
    if (close) expect(open.pop()).toBe(name)
    else if (!empty) open.push(name ?? '')
  expect(open).toEqual([])
  expect(xml.replaceAll(/<\/?[a-z]+(?:\s[a-zA-Z][\w-]*="[^"<]*")*\s*\/?>/g, '')).not.toContain('<')
}

describe('what comes from outside', () => {
  test.each([
    { what: 'the report', made: () => reportHtml(attack()) },
    { what: 'a comparison', made: () => reportHtml(attack(), inventedResults()) },
    ...(Object.keys(PLOTS) as Which[]).map((which) => ({ what: which, made: () => plotSvg(attack(), which) })),
  ])('is text in $what', ({ made }) => {
    const text = made()
    expect(text).not.toMatch(/<script>alert|<img/)
    expect(text.match(/<script/g)?.length ?? 0).toBeLessThanOrEqual(1)
  })

  test('is there to be read all the same', () => {
    expect(reportHtml(attack())).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })
})

describe('the page by itself', () => {
  const html = reportHtml(inventedResults())

  test('names nothing that lies elsewhere', () => {
    const addresses = [...html.matchAll(/\b(?:src|href|url|action)\s*[=(]/g)]
    expect(addresses).toEqual([])
    expect([...html.matchAll(/https?:\/\/[^\s"<]+/g)].map(([address]) => address)).toEqual(['http://127.0.0.1:4444'])
  })

  test('allows its own style and script by their hashes, and no attribute is either', () => {
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1]?.replaceAll('&#39;', "'")
    expect(policy).toContain("default-src 'none'")
    for (const name of ['style', 'script']) {
      const own = pieces(html, name)
      expect(own).toHaveLength(1)
      expect(policy).toContain(
        `${name}-src 'sha256-${createHash('sha256')
          .update(own[0] ?? '')
          .digest('base64')}'`,
      )
    }
    expect(html).not.toMatch(/<[^>]+\s(?:style|on\w+)="/)
  })

  test('shows every picture, whole, without its script', () => {
    expect(pieces(html, 'figure')).toHaveLength(Object.keys(PLOTS).length)
    for (const figure of pieces(html, 'figure')) {
      expect(figure).toMatch(/<path class="line|<path class="area/)
      expectWellFormed(figure)
    }
  })

  test('says what a person wants to know first', () => {
    const verdicts = pieces(html, 'dl').map((each) =>
      each
        .replaceAll(/<[^>]+>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    expect(verdicts).toEqual([
      'Failed requests ✗ 97 0.038 % of 252,120, 480 refused',
      'Answers to the wrong caller ✓ 0 every answer names whom it is for',
      'Idle in transaction ○ 1 at most; none in 99.91 % of 3,360 looks',
      'Oldest transaction ○ 700 ms 100 ms is enough for one that waits for nothing',
      'Added to a call, p50 2.9 ms 1.12 × a bare relay’s 2.6 ms',
      'Added to a call, p99 20 ms 1.12 × a bare relay’s 18 ms',
      'A list, p99 29 ms 1.08 × a bare relay’s 27 ms',
      'Answered 299/s 1,201 in flight at most',
      'Database connections 11 at most, all processes together',
      'Database errors ✓ 0 none of ProtocolViolation, 08P01, 25P03, pool',
    ])
  })
})

describe('what cannot be seen', () => {
  const html = reportHtml(inventedResults({ isOwn: false }))

  test('is said, and not drawn as zero', () => {
    for (const which of ['connections', 'transaction', 'cpu', 'memory', 'loop'] as const) {
      const svg = plotSvg(inventedResults({ isOwn: false }), which)
      expect(svg).toContain('Not to be seen')
      expect(svg).not.toContain('<path')
    }
    expect(html).toContain('nothing is known of it')
    expect(html.match(/not seen/g)).toHaveLength(4)
  })

  test('for a while is a gap', () => {
    const results = inventedResults({ ticks: 100, ramp: 10 })
    const ticks = results.ticks.map((tick) => (tick.at > 40 && tick.at <= 60 ? { ...tick, gateway: null } : tick))
    const path = /<path class="line blue" d="([^"]+)"/.exec(plotSvg({ ...results, ticks }, 'memory'))?.[1]
    expect(path?.match(/M/g)).toHaveLength(2)
  })

  test('a gateway that does not tell of its event loop is no gateway of another machine', () => {
    const results = inventedResults({ ticks: 100 })
    const ticks = results.ticks.map((tick) => ({
      ...tick,
      gateway: tick.gateway && { ...tick.gateway, loopDelayMs: null },
    }))
    expect(plotSvg({ ...results, ticks }, 'loop')).toContain('This target does not tell.')
  })
})

describe('a run of any length', () => {
  test.each([0, 1, 2, 61, 900, 50_000])('%d ticks', (count) => {
    const html = reportHtml(inventedResults({ ticks: count, ramp: Math.min(60, count / 2) }))
    expect(html).not.toMatch(/NaN|Infinity|undefined/)
    for (const figure of pieces(html, 'figure')) expectWellFormed(figure)
    expect(html.length).toBeLessThan(400_000)
  })

  test('without a tick says so', () => {
    expect(reportHtml(inventedResults({ ticks: 0 }))).toContain('The run has no ticks.')
  })

  test('that nobody answered', () => {
    const html = reportHtml({ ...inventedResults(), kinds: [], failures: [], measuredSeconds: 0 })
    expect(html).not.toMatch(/NaN|Infinity|undefined/)
    expect(html).toContain('No request failed.')
  })

  test('that nobody knows whom answers reach where there are none', () => {
    const silent = inventedResults()
    const ticks = silent.ticks.map((tick) => ({ ...tick, answered: 0 }))
    const html = reportHtml({ ...silent, kinds: [], ticks })
    const said = pieces(html, 'dl').find((each) => each.includes('wrong caller'))
    expect(said?.replaceAll(/<[^>]+>|\s+/g, ' ')).toMatch(/not seen\s+nothing was answered/)
    expect(said).not.toContain('✓')
  })
})

describe('runs beside each other', () => {
  const slow = inventedResults({ name: 'slow', isOwn: false })
  const ticks = slow.ticks.map((tick) => ({ ...tick, added: { p50: tick.added.p50 * 100, p99: tick.added.p99 * 100 } }))
  const html = reportHtml(inventedResults({ name: 'quick', ticks: 300 }), { ...slow, ticks })

  test('have the same axes', () => {
    const figures = pieces(html, 'figure')
    expect(figures).toHaveLength(2 * Object.keys(PLOTS).length)
    const axis = (figure: string | undefined): string[] =>
      [...(figure ?? '').matchAll(/<text class="tick"[^>]*>([^<]+)</g)]
        .map((match) => match[1] ?? '')
        .filter((text) => text !== 'ramp')
    expect(axis(figures[0])).toEqual(axis(figures[1]))
    expect(axis(figures[0])).toContain('100 s')
  })

  test('are told apart even by the same name', () => {
    expect(reportHtml(inventedResults(), inventedResults())).toContain('invented 0.0.0 (2)')
  })

  test('of different scenarios are marked as such', () => {
    const other = inventedResults()
    expect(html).not.toContain('not of the same scenario')
    expect(reportHtml(other, { ...other, scenario: { ...other.scenario, seed: 2 } })).toContain(
      'not of the same scenario',
    )
  })
})

test('generators that were late are spoken of', () => {
  const results = inventedResults()
  expect(reportHtml(results)).not.toContain('class="warning"')
  const late = { ...results, generators: { ...results.generators, loopDelayP99Ms: 180 } }
  expect(reportHtml(late)).toContain('the generators themselves were 180 ms late at p99')
})
