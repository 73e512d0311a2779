const LF = 0x0a

/** What stands between two line ends; null: it was longer than the bound and is lost. */
export type Line = Buffer | null

/** The lines of a stream, without their ends and without empty ones. What is too long is dropped as it comes. */
export async function* linesOf(input: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  let held: Buffer[] = []
  let size = 0
  const take = (): Line | undefined => {
    const line = size > maxBytes ? null : trimmed(held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held))
    held = []
    size = 0
    return line?.length === 0 ? undefined : line
  }
  for await (const chunk of input) {
    let from = 0
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      size += at - from
      if (size <= maxBytes) held.push(chunk.subarray(from, at))
      from = at + 1
      const line = take()
      if (line !== undefined) yield line
    }
    size += chunk.length - from
    if (size > maxBytes) held = []
    else if (from < chunk.length) held.push(chunk.subarray(from))
  }
  const rest = size > 0 ? take() : undefined
  if (rest !== undefined) yield rest
}

/** Without the blanks that JSON allows around a text. */
function trimmed(line: Buffer): Buffer {
  let from = 0
  let to = line.length
  while (from < to && isBlank(line[from])) from++
  while (to > from && isBlank(line[to - 1])) to--
  return line.subarray(from, to)
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d
