const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i

/** Whether a Host field, or what follows the scheme of an origin, means this machine. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}
