import { scanObject, skipValue } from './json-scanner.ts'

interface Range {
  readonly start: number
  readonly end: number
}

/** The raw JSON of one member of the object that starts at the first byte; undefined without it. */
export function memberOf(object: Buffer, key: string): Buffer | undefined {
  const at = valueRange(object, key)
  return at && object.subarray(at.start, at.end)
}

/** The object with the value of one member replaced; every other byte stays. Unchanged where there is no such member. */
export function withMember(object: Buffer, key: string, value: Buffer): Buffer {
  const at = valueRange(object, key)
  return at === undefined ? object : Buffer.concat([object.subarray(0, at.start), value, object.subarray(at.end)])
}

function valueRange(object: Buffer, key: string): Range | undefined {
  let found: Range | undefined
  scanObject(object, 0, {
    depth: 1,
    visit: (name, _start, start) => {
      const end = skipValue(object, start, 1)
      if (name === key) found = { start, end }
      return end
    },
  })
  return found
}
