import type { Frame, Member } from './frame.ts'

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

function bytesOf(frame: Frame, members: readonly Member[], key: string): Buffer | undefined {
  for (const member of members) {
    if (member.key === key) return frame.bytes.subarray(member.value.start, member.value.end)
  }
  return undefined
}

function valueOf(bytes: Buffer | undefined): unknown {
  return bytes === undefined ? undefined : JSON.parse(bytes.toString())
}
