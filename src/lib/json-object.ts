import { scanObject, scanWhole, skipValue } from './json-scanner.ts'

/** One member of a scanned object: the key decoded; `start` is where it begins, [at, end) is its value. */
export interface ObjectMember {
  readonly key: string
  readonly start: number
  readonly at: number
  readonly end: number
}

export interface ObjectText {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly members: readonly ObjectMember[]
}

/** Reads a text that is one object, into its members and no deeper. Throws JsonFault, also where keys are ambiguous. */
export function readObject(bytes: Buffer): ObjectText {
  const members: ObjectMember[] = []
  const visit = (key: string, start: number, at: number): number => {
    const end = skipValue(bytes, at, 1)
    members.push({ key, start, at, end })
    return end
  }
  const range = scanWhole(bytes, (root) => scanObject(bytes, root, { depth: 1, visit }))
  return { bytes, ...range, members }
}

/** What becomes of a member: other JSON for its value, null to drop it. Keys that are not there are added last. */
export type ObjectChanges = ReadonlyMap<string, Buffer | null>

/** Writes the object with some members changed; whatever is not named stays byte for byte, white space included. */
export function writeObject(object: ObjectText, changes: ObjectChanges): Buffer {
  const { bytes, members } = object
  const pieces: Buffer[] = [bytes.subarray(object.start, object.start + 1)]
  let last = object.start + 1
  let kept = 0
  const present = new Set<string>()
  for (const [index, member] of members.entries()) {
    const change = changes.get(member.key)
    present.add(member.key)
    if (change !== null) {
      if (kept > 0 || index === 0) pieces.push(bytes.subarray(last, member.start))
      if (change === undefined) pieces.push(bytes.subarray(member.start, member.end))
      else pieces.push(bytes.subarray(member.start, member.at), change)
      kept++
    }
    last = member.end
  }
  for (const [key, value] of changes) {
    if (value === null || present.has(key)) continue
    pieces.push(Buffer.from(`${kept > 0 ? ',' : ''}${JSON.stringify(key)}:`), value)
    kept++
  }
  pieces.push(bytes.subarray(last, object.end))
  return Buffer.concat(pieces)
}
