/** A line of a difference: taken out, put in, or as before. */
export interface DiffLine {
  readonly sign: '-' | '+' | ' '
  readonly text: string
}

const AROUND = 2
/** Values under such names are not for looking at, in our lines and in the lines around them. */
const SECRET =
  /(?<=(?:token|key|secret|passw\w*|authorization|credential)\w*["']?\s*[:=]\s*["'])(?:[^"'\\]|\\.)+(?=["'])/gi

/** What changes between two texts that differ in one place, with a little around it and without secrets. */
export function textDiff(before: string, after: string): readonly DiffLine[] {
  if (before === after) return []
  const [old, now] = [linesOf(before), linesOf(after)]
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head++
  let tail = 0
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const line = (sign: DiffLine['sign']) => (text: string) => ({ sign, text: masked(text) })
  return [
    ...old.slice(Math.max(0, head - AROUND), head).map(line(' ')),
    ...old.slice(head, old.length - tail).map(line('-')),
    ...now.slice(head, now.length - tail).map(line('+')),
    ...old.slice(old.length - tail, old.length - tail + AROUND).map(line(' ')),
  ]
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split(/\r?\n/))

function masked(text: string): string {
  return text.replaceAll(SECRET, (value) => {
    const scheme = /^(?:Bearer|Basic) /.exec(value)?.[0] ?? ''
    return value.includes('${') ? value : `${scheme}•••`
  })
}
