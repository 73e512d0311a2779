import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Taken } from '../load/offer.ts'
import { Offering } from '../load/offering.ts'
import type { Fault, Lab } from './fault.ts'
import { exactly, noted, ratio, within } from './findings.ts'
import { leavers } from './leavers.ts'
import { neighbours } from './neighbours.ts'

const SLOW = 1_000

/** A head that comes a byte a second; when its connection was cut. */
function slowHead(url: URL, open: Set<Socket>): Promise<number> {
  const began = performance.now()
  const socket = connect(Number(url.port), url.hostname)
  open.add(socket)
  socket.on('error', () => {})
  socket.resume()
  socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ')
  // Each at a moment of its own within the second.
  let drip = setTimeout(() => {
    socket.write('x')
    drip = setInterval(() => socket.write('x'), 1_000)
  }, 1_000 * Math.random())
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearTimeout(drip)
      open.delete(socket)
      resolve(performance.now() - began)
    })
  })
}

const slowHeads: Fault = {
  name: 'slow heads',
  what: 'a thousand connections whose requests begin a byte a second',
  short: true,
  async run(lab: Lab) {
    const site = await lab.shared(neighbours)
    using offering = new Offering()
    const good = { target: site.good(20), perSecond: 150 }
    const measure = async (): Promise<number> => {
      const { outcomes } = (await offering.run({ streams: { good }, warmUpMs: 1_000, windowMs: 2_500 }))[
        'good'
      ] as Taken
      return outcomes['ok']?.p99 ?? Number.NaN
    }
    const alone = await measure()
    const open = new Set<Socket>()
    const cut = Array.from({ length: SLOW }, () => slowHead(new URL(site.gateway.url), open))
    await sleep(500)
    const standing = open.size
    const beside = await measure()
    const slowest = Math.max(...(await Promise.all(cut)))
    return [
      exactly('connections that stood beside the calls', SLOW, standing),
      ratio('p99 of others’ calls beside them, over alone', 2, beside / alone),
      noted('that p99 alone and beside them', `${alone.toFixed(1)} and ${beside.toFixed(1)} ms`),
      within('the last of them is cut after', { must: 10_000 }, slowest),
    ]
  },
}

/** What clients do to a gateway, knowingly or not. */
export const CLIENT_FAULTS: readonly Fault[] = [slowHeads, leavers]
