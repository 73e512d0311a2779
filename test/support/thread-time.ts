/** Milliseconds of CPU that this thread has had: what else the machine runs does not count. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
