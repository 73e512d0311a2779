/** One change as streams of changes tell it, on one line. */
export function changeEvent(type: string, data: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ type, data, timestamp: new Date().toISOString() })
}
