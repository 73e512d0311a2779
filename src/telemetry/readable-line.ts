/** One line of the log as a person reads it: the time of the day, how severe, what happened, and then the fields. */
export function readableLine(json: string): string {
  const { level, time, worker, event, message, err, ...fields } = JSON.parse(json) as Record<string, unknown>
  const shown = { ...fields, ...(worker === 'supervisor' ? {} : { worker }) }
  const details = Object.entries(shown).flatMap(([name, value]) => (value === null ? [] : [`${name}=${short(value)}`]))
  const head = `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${printable(String(message ?? event))}`
  const line = details.length === 0 ? head : `${head} (${details.join(' ')})`
  return `${line}${explained(err)}\n`
}

/** Bare where that is unmistakable. */
function short(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 100) / 100)
  if (typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)) return value
  return printable(JSON.stringify(value))
}

function explained(err: unknown): string {
  if (typeof err !== 'object' || err === null) return ''
  const { type, message, stack } = err as Record<string, unknown>
  const text = typeof stack === 'string' ? stack : `${String(type)}: ${String(message)}`
  const lines = printable(text).split('\n')
  return lines.map((line) => `\n         ${line.trim()}`).join('')
}

/** What a stranger put into a field cannot steer the terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '')
}
