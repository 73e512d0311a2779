import { Pieces } from './pieces.ts'

/** Bytes that take the place of [start, end); an empty range inserts. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly bytes: Buffer
}

/** Applies edits, which come in order and do not overlap; everything else is copied as it is. */
export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes
  const pieces = new Pieces()
  let from = 0
  for (const edit of edits) {
    pieces.add(bytes, from, edit.start)
    pieces.add(edit.bytes)
    from = edit.end
  }
  pieces.add(bytes, from)
  return pieces.join()
}
