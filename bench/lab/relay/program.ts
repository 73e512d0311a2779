import { startRelay } from './relay.ts'

/** The relay as a process of its own, before UPSTREAM: prints its URL and stays until a signal comes. */
await using relay = await startRelay(new URL(process.env['UPSTREAM'] ?? ''))
console.log(relay.url)
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
})
