import { READ_ONLY, ToolFault, type ObjectSchema, type Tool } from './tool.ts'

const ZONES: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone')]

const TIME: ObjectSchema = {
  type: 'object',
  properties: {
    zone: { type: 'string' },
    local: { type: 'string', description: 'The date and time on a clock there' },
    iso: { type: 'string', description: 'The same moment in UTC' },
    offset: { type: 'string', description: 'Difference to UTC' },
  },
  required: ['zone', 'local', 'iso', 'offset'],
}

export const currentTime: Tool = {
  name: 'current-time',
  title: 'Current time',
  description: 'Tells what time it is now in a time zone.',
  inputSchema: {
    type: 'object',
    properties: {
      zone: { type: 'string', description: 'An IANA time zone, such as Europe/Vienna', default: 'UTC', maxLength: 64 },
    },
    additionalProperties: false,
  },
  outputSchema: TIME,
  annotations: { ...READ_ONLY, idempotentHint: false },
  run({ zone }) {
    const time = timeIn(String(zone), new Date())
    return { structured: time, text: `${time.local} in ${time.zone} (${time.offset})` }
  },
}

export const convertTime: Tool = {
  name: 'convert-time',
  title: 'Convert a time',
  description: 'Says what a clock in another time zone shows at a given moment.',
  inputSchema: {
    type: 'object',
    properties: {
      moment: { type: 'string', description: 'ISO 8601 with an offset, such as 2026-11-23T09:00:00Z', maxLength: 64 },
      zone: { type: 'string', description: 'An IANA time zone, such as Asia/Tokyo', maxLength: 64 },
    },
    required: ['moment', 'zone'],
    additionalProperties: false,
  },
  outputSchema: TIME,
  annotations: READ_ONLY,
  run({ moment, zone }) {
    const date = new Date(String(moment))
    if (!/(?:Z|[+-]\d\d:?\d\d)$/i.test(String(moment)) || Number.isNaN(date.getTime()))
      throw new ToolFault('moment must be a date and time with an offset, such as 2026-11-23T09:00:00Z')
    const time = timeIn(String(zone), date)
    return { structured: time, text: `${time.local} in ${time.zone} (${time.offset})` }
  },
}

function timeIn(given: string, date: Date) {
  const zone = ZONES.find((name) => name.toLowerCase() === given.toLowerCase())
  if (zone === undefined) throw new ToolFault(`there is no time zone '${given}'${similar(given)}`)
  const of = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, ...options }).format(date)
  const offset = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName')?.value
  return {
    zone,
    local: of({ dateStyle: 'short', timeStyle: 'medium' }),
    iso: date.toISOString(),
    offset: offset ?? 'GMT',
  }
}

/** Zones that contain the word, for somebody who typed a city. */
function similar(given: string): string {
  const word = given.toLowerCase().split('/').at(-1)?.trim().replaceAll(' ', '_') ?? ''
  const found = word === '' ? [] : zonesLike(word).slice(0, 3)
  return found.length === 0 ? ': use a name such as Europe/Vienna' : `: did you mean ${found.join(' or ')}?`
}

export function zonesLike(word: string): readonly string[] {
  return ZONES.filter((zone) => zone.toLowerCase().includes(word.toLowerCase()))
}
