const FORM = /^[a-z][a-z0-9_.-]{0,63}$/i

/** The comment in front of a statement that says which part of the house sent it. */
export function sourceComment(source: string): string {
  if (!FORM.test(source))
    throw new TypeError(`'${source}' does not name a source: letters, digits, '.', '_' and '-' only`)
  return `/*source='${source}'*/ `
}
