import { OPEN_OBJECT } from './json-bytes.ts'
import { scanObject, scanWhole, skipValue, type VisitMember } from './json-scanner.ts'
import type { JsonVisitor } from './json-stream.ts'

/**
 * Tells a visitor of a text that is already whole what a JsonStream would tell it; but into arrays it does not look. Throws
 * JsonFault as that does, if not always the same one.
 */
export function visitWhole(bytes: Buffer, visitor: JsonVisitor): void {
  let depth = 0
  const member: VisitMember = (key, start, at) => {
    visitor.key(key, start)
    return value(at)
  }
  const value = (at: number): number => {
    const first = bytes[at]!
    const look = visitor.value(at, first)
    const end = look && first === OPEN_OBJECT ? object(at) : skipValue(bytes, at, depth)
    visitor.valueEnd(end)
    return end
  }
  const object = (at: number): number => {
    const end = scanObject(bytes, at, { depth: ++depth, visit: member })
    visitor.close(end - 1)
    depth--
    return end
  }
  scanWhole(bytes, value)
}
