import type { Node } from 'jsonc-parser'

/** The value of an object's member. */
export function memberOf(object: Node, key: string): Node | undefined {
  return object.children?.find(({ children: [name] = [] }) => name?.value === key)?.children?.[1]
}

export function replaced(text: string, old: Node, value: unknown): string {
  return text.slice(0, old.offset) + laidOut(text, value, indentAt(text, old.offset)) + text.slice(endOf(old))
}

/** The text with one more member at the end of an object, in the way in which its others stand. */
export function inserted(text: string, object: Node, [key, value]: readonly [string, unknown]): string {
  const last = object.children?.at(-1)
  const outer = indentAt(text, object.offset)
  if (last === undefined) {
    const inner = outer + unitOf(text)
    const eol = eolOf(text)
    const member = `${JSON.stringify(key)}: ${laidOut(text, value, inner)}`
    return `${text.slice(0, object.offset)}{${eol}${inner}${member}${eol}${outer}}${text.slice(endOf(object))}`
  }
  const end = endOf(last)
  if (!text.slice(object.offset, last.offset).includes('\n'))
    return `${text.slice(0, end)}, ${JSON.stringify(key)}: ${JSON.stringify(value)}${text.slice(end)}`
  const inner = indentAt(text, last.offset)
  const member = `${inner}${JSON.stringify(key)}: ${laidOut(text, value, inner)}`
  // What stands behind the last member on its line belongs to it.
  const [, comma = '', rest = ''] =
    /^([ \t]*,)?((?:[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/))*)/.exec(text.slice(end)) ?? []
  const after = end + comma.length + rest.length
  return `${text.slice(0, end)},${rest}${eolOf(text)}${member}${comma === '' ? '' : ','}${text.slice(after)}`
}

/** The text without one member of an object; comments of the others stay. */
export function removed(text: string, object: Node, key: string): string {
  const members = object.children ?? []
  const at = members.findIndex(({ children: [name] = [] }) => name?.value === key)
  const member = members[at]
  if (member === undefined) return text
  const [before, after] = [members[at - 1], members[at + 1]]
  const ownComma = /^[ \t]*,/.exec(text.slice(endOf(member)))?.[0] ?? ''
  const lineStart = text.slice(0, member.offset).search(/(?<=\n)[ \t]*$/)
  const lineEnd = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(endOf(member) + ownComma.length))?.[0]
  // On lines of its own: those lines, and the comma that nobody follows any more.
  if (lineStart !== -1 && lineEnd !== undefined) {
    const head = text.slice(0, lineStart)
    const rest = text.slice(endOf(member) + ownComma.length + lineEnd.length)
    const isLast = after === undefined && ownComma === '' && before !== undefined
    return (isLast ? withoutComma(head, endOf(before)) : head) + rest
  }
  if (after !== undefined) return text.slice(0, member.offset) + text.slice(after.offset)
  return text.slice(0, before === undefined ? member.offset : endOf(before)) + text.slice(endOf(member))
}

/** The comma behind a member stands before any comment that could hold another one. */
function withoutComma(text: string, from: number): string {
  const comma = text.indexOf(',', from)
  return comma === -1 ? text : text.slice(0, comma) + text.slice(comma + 1)
}

const endOf = ({ offset, length }: Node): number => offset + length
const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n')
/** What one level is moved in by. */
const unitOf = (text: string): string => /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '

function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

function laidOut(text: string, value: unknown, indent: string): string {
  return JSON.stringify(value, null, unitOf(text)).replaceAll('\n', eolOf(text) + indent)
}
