import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { isObject } from '#/lib/is-object.ts'

/** Turns what an operator wrote into a value; undefined: not what `type` says. */
export interface Parser<T> {
  /** What a right value looks like, to be read after "must be". */
  readonly type: string
  readonly parse: (text: string) => T | undefined
}

export function integer(min: number, max: number): Parser<number> {
  return {
    type: `an integer from ${min} to ${max}`,
    parse: (text) => {
      const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max ? value : undefined
    },
  }
}

const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Examples; of each setting, those that it may be. */
const TIMES = ['500ms', '30s', '5m', '1h', '12h', '7d', '30d', '365d']

/** Milliseconds. */
export function duration(min: string, max: string): Parser<number> {
  const [least, most] = [durationMs(min), durationMs(max)]
  const isWithin = (ms: number): boolean => ms >= least && ms <= most
  return {
    type: `a time from ${min} to ${max}, such as ${TIMES.filter((one) => isWithin(durationMs(one)))
      .slice(0, 4)
      .join(', ')}`,
    parse: (text) => {
      const value = durationMs(text)
      return isWithin(value) ? value : undefined
    },
  }
}

function durationMs(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  return Number(digits === '' ? Number.NaN : digits) * (TIME_UNITS[unit] ?? Number.NaN)
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Bytes. */
export function size(min: string, max: string): Parser<number> {
  const [least, most] = [sizeBytes(min), sizeBytes(max)]
  return {
    type: `a size from ${min} to ${max}, such as 512KiB, 4MiB or a number of bytes`,
    parse: (text) => {
      const value = sizeBytes(text)
      return value >= least && value <= most ? value : undefined
    },
  }
}

function sizeBytes(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(text) ?? []
  return Number(digits === '' ? Number.NaN : digits) * (SIZE_UNITS[unit] ?? Number.NaN)
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Parser<T> {
  return { type: `one of ${allowed.join(', ')}`, parse: (text) => allowed.find((one) => one === text) }
}

export const yesNo: Parser<boolean> = {
  type: 'true or false',
  parse: (text) => ({ true: true, false: false })[text],
}

export const host: Parser<string> = {
  type: 'a host name or IP address without port, such as 127.0.0.1, 0.0.0.0 or ::',
  parse: (text) => (isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(text) ? text : undefined),
}

export const email: Parser<string> = {
  type: 'an e-mail address, such as admin@example.com',
  parse: (text) => (/^[^\s@]+@[^\s@]+$/.test(text) && text.length <= 254 ? text : undefined),
}

export const folder: Parser<string> = {
  type: 'a folder',
  parse: (text) => (text.includes('\0') ? undefined : resolve(text)),
}

export const path: Parser<string> = {
  type: 'a file',
  parse: (text) => (text.includes('\0') ? undefined : text),
}

/** Any text without line breaks at its ends. */
export const text: Parser<string> = {
  type: 'a text',
  parse: (written) => (written.length <= 2048 ? written : undefined),
}

/** Something that nobody else should know, or a key in PEM. */
export const key: Parser<string> = { type: 'a secret or a key in PEM', parse: (written) => written }

type GivenFields = Readonly<Record<string, unknown>>

/** What has fields: JSON in the environment, a map in causeway.yaml. */
export const fields: Parser<GivenFields> = {
  type: 'a JSON object; a map in causeway.yaml',
  parse: (written) => {
    try {
      const value: unknown = JSON.parse(written)
      return isObject(value) ? value : undefined
    } catch {
      return undefined
    }
  },
}

/** The same, or a list with commas that stands for the one field of this name. */
export function fieldsOrList(field: string): Parser<GivenFields> {
  return {
    type: `a list with commas, or ${fields.type}`,
    parse: (written) =>
      written.startsWith('{') ? fields.parse(written) : { [field]: written.split(',').map((one) => one.trim()) },
  }
}

/** Of a document. */
export const webUrl: Parser<string> = {
  type: 'an http or https URL without user and password',
  parse: (written) => {
    const url = URL.parse(written)
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
      ? written
      : undefined
  },
}

/** An http(s) URL of an origin, without path, query, user or password. */
export const origin: Parser<string> = {
  type: 'an http or https URL without path, such as https://mcp.example.com',
  parse: (text) => {
    const url = URL.parse(text)
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
    return url.pathname === '/' && url.search === '' && url.hash === '' ? url.origin : undefined
  },
}

const MOST_ORIGINS = 100

/** Origins, with commas or spaces between; each is meant to the letter. */
export const origins: Parser<readonly string[]> = {
  type: 'exact origins with commas between, such as https://app.example.com,http://localhost:5173 (* is none)',
  parse: (text) => {
    const list = text.split(/[\s,]+/).filter((one) => one !== '')
    const parsed = list.map((one) => origin.parse(one)).filter((one) => one !== undefined)
    const isExact = parsed.length === list.length && !parsed.some((one) => one.includes('*'))
    return isExact && parsed.length <= MOST_ORIGINS ? parsed : undefined
  },
}

export const postgresUrl: Parser<string> = {
  type: 'a PostgreSQL URL, such as postgres://user:password@host:5432/database',
  parse: (text) => (/^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? '') ? text : undefined),
}
