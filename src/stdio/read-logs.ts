import type { Serving } from './connection.ts'
import type { LogBook } from './log-book.ts'
import type { Reply } from './reply.ts'

/** `/logs?tail=N&follow=true`: the last lines, and on wish those that follow, as events. */
export function readLogs(log: LogBook, target: string, reply: Reply): Serving | undefined {
  const { searchParams } = new URL(target, 'http://host')
  const lines = log.tail(Number(searchParams.get('tail') ?? 100))
  if (searchParams.get('follow') !== 'true') {
    reply.json(JSON.stringify(lines))
    return undefined
  }
  reply.stream()
  for (const line of lines) reply.event(Buffer.from(JSON.stringify(line)))
  const following = log.follow((line) => reply.event(Buffer.from(JSON.stringify(line))))
  return { giveUp: () => following[Symbol.dispose]() }
}
