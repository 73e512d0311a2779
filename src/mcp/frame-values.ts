import { QUOTE } from '#/lib/json-bytes.ts'
import { decodeString } from '#/lib/json-string.ts'
import type { Frame, Member } from './frame.ts'

/** The member of params with this key. */
export function paramOf(frame: Frame, key: string): Member | undefined {
  return frame.members.find((member) => member.key === key)
}

/** The member of params._meta with this key. */
export function metaOf(frame: Frame, key: string): Member | undefined {
  return frame.meta?.find((member) => member.key === key)
}

/** The decoded value, where it is a string. */
export function textOf(frame: Frame, member: Member | undefined): string | undefined {
  if (member === undefined || frame.bytes[member.value.start] !== QUOTE) return undefined
  return decodeString(frame.bytes, member.value.start, member.value.end)
}

/** The raw JSON of the value. */
export function rawOf(frame: Frame, member: Member | undefined): Buffer | undefined {
  return member && frame.bytes.subarray(member.value.start, member.value.end)
}
