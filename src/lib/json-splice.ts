/** Bytes that take the place of [start, end); an empty range inserts. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly bytes: Buffer
}

/** Applies edits, which come in order and do not overlap; everything else is copied as it is. */
export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes
  const pieces: Buffer[] = []
  let from = 0
  for (const edit of edits) {
    if (edit.start > from) pieces.push(bytes.subarray(from, edit.start))
    if (edit.bytes.length > 0) pieces.push(edit.bytes)
    from = edit.end
  }
  if (from < bytes.length) pieces.push(bytes.subarray(from))
  return Buffer.concat(pieces)
}
