const OPEN = Buffer.from('event: message\ndata: ')
const CLOSE = Buffer.from('\n\n')
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

/** A comment line that keeps an idle stream open. */
export const SSE_KEEP_ALIVE = Buffer.from(':\n\n')

/** One JSON message as an event. */
export function sseMessage(json: Buffer): Buffer {
  return Buffer.concat([OPEN, oneLine(json), CLOSE])
}

/** An event whose message comes in pieces: `sseOpen`, any number of `ssePiece`, `sseClose`. */
export function sseOpen(): Buffer {
  return OPEN
}

export function ssePiece(json: Buffer): Buffer {
  return oneLine(json)
}

export function sseClose(): Buffer {
  return CLOSE
}

/** Valid JSON has raw line ends only as white space between tokens, so a space says the same and keeps the line whole. */
function oneLine(json: Buffer): Buffer {
  if (!json.includes(LF) && !json.includes(CR)) return json
  const line = Buffer.from(json)
  for (let i = 0; i < line.length; i++) if (line[i] === LF || line[i] === CR) line[i] = SPACE
  return line
}
