import { startSimulator } from './simulator.ts'

/** The simulator as a process of its own: prints its URL and stays until a signal comes. PORT and TOOLS may be set. */
await using simulator = await startSimulator({
  port: Number(process.env['PORT'] ?? 0),
  tools: Number(process.env['TOOLS'] ?? 5),
})
console.log(simulator.url)
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
})
