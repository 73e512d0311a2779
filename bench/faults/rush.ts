import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Fault, Finding, Lab } from './fault.ts'
import { exactly, noted, within } from './findings.ts'
import { neighbours } from './neighbours.ts'

const CALLERS = 3_000
const PATIENCE_MS = 20_000

/** Connects, asks and hears the answer. How long that took; NaN: there was none. */
function caller(at: URL): Promise<number> {
  const began = performance.now()
  const socket = connect({ host: at.hostname, port: Number(at.port), noDelay: true })
  return new Promise((resolve) => {
    const end = (ms: number): void => {
      socket.destroy()
      resolve(ms)
    }
    socket.setTimeout(PATIENCE_MS, () => end(Number.NaN))
    socket.on('error', () => end(Number.NaN))
    socket.on('close', () => end(Number.NaN))
    socket.once('data', (piece) => end(piece.includes(' 200 ') ? performance.now() - began : Number.NaN))
    socket.write(`GET /health HTTP/1.1\r\nHost: ${at.host}\r\n\r\n`)
  })
}

/** None where the system has no such file. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

/** The system's own limit for a listen queue; undefined where it does not say. */
function queueLimit(): number | undefined {
  const [line] = linesOf('/proc/sys/net/core/somaxconn')
  return line === undefined ? undefined : Number(line)
}

/** Connections that the system turned away because a listen queue was full, which then come again after a second at the earliest. */
function turnedAway(): number | undefined {
  const [names, values] = linesOf('/proc/net/netstat')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  const at = names?.indexOf('ListenOverflows') ?? -1
  return at < 0 ? undefined : Number(values?.[at])
}

async function run(lab: Lab): Promise<readonly Finding[]> {
  const { gateway } = await lab.shared(neighbours)
  const limit = queueLimit()
  const callers = Math.min(CALLERS, limit ?? 100)
  const before = turnedAway()
  const waits = await Promise.all(Array.from({ length: callers }, () => caller(new URL(gateway.url))))
  const away = before === undefined ? 0 : (turnedAway() ?? before) - before
  const answered = waits.filter((ms) => !Number.isNaN(ms)).toSorted((a, b) => a - b)
  return [
    exactly('callers who were answered', callers, answered.length),
    exactly('of these, turned away by the system at first', 0, away),
    within('the slowest', { must: 4_000, goal: 1_000 }, answered.at(-1) ?? Number.NaN),
    noted('the one in the middle', `${(answered[answered.length >> 1] ?? Number.NaN).toFixed(0)} ms`),
    noted('the system lets wait to be accepted', String(limit ?? 'unknown')),
  ]
}

/** As after a restart of something before us: everybody connects in the same moment. */
export const rush: Fault = {
  name: 'connections at once',
  what: 'three thousand callers who connect in the same moment',
  short: true,
  run,
}
