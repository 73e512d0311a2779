/** The days of a week, as they are written. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]

/** When something is open: on which days, from when to when (HH:MM, `end` not included), by the clocks of a time zone. */
export interface Hours {
  readonly days: readonly Day[]
  readonly start: string
  /** Before `start`: on the day after. */
  readonly end: string
  /** IANA name. */
  readonly zone: string
  /** How whoever limits something to them named them, where not as above; they are shown as that. */
  readonly said?: Readonly<Record<string, unknown>>
}

const DAY_MINUTES = 1440
const MINUTE_MS = 60_000

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))

/** Whether it is open at a minute of a day, by the clocks of its zone. What opens in the evening is open into the next day. */
function isOpenAt({ days, start, end }: Hours, day: Day, minute: number): boolean {
  const [from, to] = [minuteOf(start), minuteOf(end)]
  if (from < to) return minute >= from && minute < to && days.includes(day)
  const before = DAYS[(DAYS.indexOf(day) + DAYS.length - 1) % DAYS.length] as Day
  return (minute >= from && days.includes(day)) || (minute < to && days.includes(before))
}

/** Asks the clocks of the zone once a minute: nothing opens or closes within one. Times in ms since the epoch. */
export function openAt(hours: Hours): (at: number) => boolean {
  const clock = clockOf(hours.zone)
  let asked = { minute: Number.NaN, isOpen: false }
  return (at) => {
    const minute = Math.floor(at / MINUTE_MS)
    if (minute !== asked.minute) asked = { minute, isOpen: isOpenAt(hours, ...clock(at)) }
    return asked.isOpen
  }
}

function clockOf(timeZone: string): (at: number) => readonly [Day, number] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const day = parts.get('weekday')?.slice(0, 3).toLowerCase() as Day
    return [day, Number(parts.get('hour')) * 60 + Number(parts.get('minute'))]
  }
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Whether `inner` is open only when `outer` is, which can be said of one time zone only. */
export function areHoursIn(inner: Hours, outer: Hours): boolean {
  if (inner.zone !== outer.zone) return false
  for (const day of DAYS)
    for (let minute = 0; minute < DAY_MINUTES; minute++)
      if (isOpenAt(inner, day, minute) && !isOpenAt(outer, day, minute)) return false
  return true
}
