import type { Json } from './api.ts'
import { plainText, type Terminal } from './terminal.ts'

const BAR = 30

/** One call as people read it: what was called, who asked, what decided, and where the time went. */
export function callTimeline(call: Json, out: Terminal): readonly string[] {
  const what = text(call['target'] ?? call['target_id'] ?? call['method'])
  const paint = call['outcome'] === 'ok' ? out.green : out.red
  return [
    `${out.bold(what)} at ${text(call['at'])}: ${paint(text(call['outcome']))}`,
    `  asked by   ${text(call['user'])}${said(', token ', call['token'])}, ${text(call['method'])} (${text(call['client_era'])})`,
    `  allowed    ${allowed(call)}`,
    ...served(call),
    ...spent(call, out),
    `  sizes      ${bytes(call['request_bytes'])} asked, ${bytes(call['response_bytes'])} answered`,
    `  ran        ${ran(call)}`,
  ]
}

function allowed(call: Json): string {
  const state = `catalog as of change ${text(call['snapshot_seq'])}`
  const rule = text(call['rule'])
  if (rule.startsWith('refused: ')) return `it came no further: ${rule}; ${state}`
  return rule === 'none' ? `it came no further than this: ${state}` : `by ${rule}; ${state}`
}

function served(call: Json): readonly string[] {
  if (call['gateway_id'] === null && call['server'] === null && call['definition'] === null) return []
  const upstream = call['gateway'] ?? call['gateway_id']
  const by = upstream === null ? 'this gateway itself' : `${text(upstream)}${said(' (', call['upstream_era'], ')')}`
  const attempts = Number(call['attempts'])
  const tried = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const through = said(', through the virtual server ', call['server'])
  const digest = call['definition'] === null ? '' : `, definition ${text(call['definition']).slice(0, 12)}`
  return [`  served by  ${by}${through}, ${tried}${digest}`]
}

const PARTS = [
  ['waited', 'queue_ms'],
  ['server', 'upstream_ms'],
  ['gateway', 'gateway_ms'],
] as const

/** Bars that follow one another, as the parts did. */
function spent(call: Json, out: Terminal): readonly string[] {
  const total = Number(call['total_ms'])
  let passed = 0
  const lines = PARTS.map(([name, member]) => {
    const ms = Number(call[member])
    const [from, to] = [passed, (passed += ms)].map((at) => (total === 0 ? 0 : Math.round((at / total) * BAR)))
    const bar = ' '.repeat(Math.min(from ?? 0, BAR)) + '█'.repeat(Math.max(0, Math.min(to ?? 0, BAR) - (from ?? 0)))
    return `  ${name.padEnd(9)}  ${milliseconds(ms).padStart(10)}  ${out.dim(bar)}`.trimEnd()
  })
  return [...lines, `  ${'in all'.padEnd(9)}  ${milliseconds(total).padStart(10)}`]
}

function ran(call: Json): string {
  if (call['outcome'] === 'ok' || call['outcome'] === 'tool_error') return 'yes: the server answered'
  if (call['may_have_run'] === true) return 'maybe: it was sent, and no answer says so. Look before you repeat it'
  return Number(call['attempts']) === 0 ? 'no: it was never sent' : 'no: the server refused it or never took it'
}

const milliseconds = (ms: number): string => (ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`)

function bytes(value: unknown): string {
  const count = Number(value)
  return count < 1024 ? `${count} B` : `${(count / 1024).toFixed(1)} KiB`
}

const text = (value: unknown): string => plainText(value ?? '?')
const said = (before: string, value: unknown, after = ''): string =>
  value === null ? '' : `${before}${text(value)}${after}`
