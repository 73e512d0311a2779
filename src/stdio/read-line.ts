import { COLON, COMMA, OPEN_OBJECT, isDigit, skipSpace } from '#/lib/json-bytes.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import { plainKey } from '#/lib/json-keys.ts'
import { skipValue } from '#/lib/json-scanner.ts'
import type { Frame } from '#/mcp/frame.ts'
import { readFrame } from '#/mcp/read-frame.ts'

/** What a line of a server's output is. An answer's id is one of ours, so a plain number; [start, end) is where it lies. */
export type Line =
  | { readonly kind: 'answer'; readonly id: number; readonly start: number; readonly end: number }
  | { readonly kind: 'message'; readonly frame: Frame }
  | { readonly kind: 'junk'; readonly why: string }

/**
 * Reads a line only as far as is needed to know whose it is. Of an answer the members before its result are walked, and the id
 * that many servers write last is found from the end: the result itself is scanned by whoever relays it to a client.
 */
export function readLine(line: Buffer): Line {
  const start = skipSpace(line, 0)
  if (line[start] !== OPEN_OBJECT) return { kind: 'junk', why: 'it is no JSON object' }
  try {
    return answerIn(line, start) ?? wholeMessage(line)
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault
    return { kind: 'junk', why: fault.message }
  }
}

function answerIn(line: Buffer, start: number): Line | undefined {
  let id: Line | undefined
  for (let i = skipSpace(line, start + 1); ;) {
    const key = plainKey(line, i)
    if (key === undefined) return undefined
    i = skipSpace(line, i + key.text.length + 2)
    if (line[i] !== COLON) return undefined
    i = skipSpace(line, i + 1)
    if (key.text === 'result' || key.text === 'error') return id ?? idAtEnd(line)
    if (key.text === 'method') return undefined
    const end = skipValue(line, i, 1)
    if (key.text === 'id') id = numberAt(line, i, end)
    i = skipSpace(line, end)
    if (line[i] !== COMMA) return undefined
    i = skipSpace(line, i + 1)
  }
}

/** Longer numbers are none of ours. */
const MOST_DIGITS = 15

function numberAt(line: Buffer, start: number, end: number): Line | undefined {
  if (end - start > MOST_DIGITS || end === start) return undefined
  let id = 0
  for (let i = start; i < end; i++) {
    if (!isDigit(line[i])) return undefined
    id = id * 10 + line[i]! - 0x30
  }
  return { kind: 'answer', id, start, end }
}

/**
 * `…,"id":7}` at the very end: the last brace closes the message, so in valid JSON this is a member of it. Whether the line is
 * valid JSON is found out where it is relayed.
 */
const ID_AT_END = /[,{][ \t]*"id"[ \t]*:[ \t]*(\d{1,15})[ \t]*\}[ \t\r]*$/

function idAtEnd(line: Buffer): Line | undefined {
  const from = Math.max(0, line.length - 64)
  const text = line.toString('latin1', from)
  const found = ID_AT_END.exec(text)
  if (found === null) return undefined
  const start = from + found.index + found[0].indexOf(found[1] ?? '', found[0].indexOf(':'))
  return numberAt(line, start, start + (found[1] ?? '').length)
}

/** The answer in a line that is too long to be held, where its ends tell whose it is. */
export function idOfCut(head: Buffer, tail: Buffer): number | undefined {
  const atStart = /^[ \t]*\{[ \t]*(?:"jsonrpc"[ \t]*:[ \t]*"2.0"[ \t]*,[ \t]*)?"id"[ \t]*:[ \t]*(\d{1,15})[ \t]*,/
  const found = ID_AT_END.exec(tail.toString('latin1')) ?? atStart.exec(head.toString('latin1'))
  return found === null ? undefined : Number(found[1])
}

function wholeMessage(line: Buffer): Line {
  const read = readFrame(line)
  if (!read.ok) return { kind: 'junk', why: read.detail }
  const { frame } = read
  if (frame.kind !== 'response') return { kind: 'message', frame }
  const id = frame.id && numberAt(line, frame.id.start, frame.id.end)
  return id ?? { kind: 'junk', why: 'it answers a request that nobody made' }
}
