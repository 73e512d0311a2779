import { scanObject, skipValue } from '#/lib/json-scanner.ts'
import type { Frame, Member, Range } from './frame.ts'

/** The raw JSON of one member of params; undefined where it is absent. */
export function paramBytes(frame: Frame, key: string): Buffer | undefined {
  return bytesOf(frame, frame.members, key)
}

/** The raw JSON of one member of params._meta. */
export function metaBytes(frame: Frame, key: string): Buffer | undefined {
  return frame.meta && bytesOf(frame, frame.meta, key)
}

/** One member of params as a value. For small members that we interpret ourselves; never for what is passed on. */
export function paramValue(frame: Frame, key: string): unknown {
  return valueOf(paramBytes(frame, key))
}

export function metaValue(frame: Frame, key: string): unknown {
  return valueOf(metaBytes(frame, key))
}

/** The JSON object with the value of one member replaced; every other byte stays. Unchanged where there is no such member. */
export function withMember(object: Buffer, key: string, value: Buffer): Buffer {
  let at: Range | undefined
  const visit = (name: string, _start: number, start: number): number => {
    const end = skipValue(object, start, 1)
    if (name === key) at = { start, end }
    return end
  }
  scanObject(object, 0, { depth: 1, visit })
  return at === undefined ? object : Buffer.concat([object.subarray(0, at.start), value, object.subarray(at.end)])
}

function bytesOf(frame: Frame, members: readonly Member[], key: string): Buffer | undefined {
  for (const member of members) {
    if (member.key === key) return frame.bytes.subarray(member.value.start, member.value.end)
  }
  return undefined
}

function valueOf(bytes: Buffer | undefined): unknown {
  return bytes === undefined ? undefined : JSON.parse(bytes.toString())
}
