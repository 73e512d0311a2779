/**
 * What would be a matter of the session, and so belong to whoever has the server's connection next behind a pooler in transaction
 * mode. Words of a statement are in capitals here, as everywhere in src/; in a text of the source an expression is `«name»`.
 */
const SESSION_STATE: Readonly<Record<string, RegExp>> = {
  'SET without LOCAL': statement(String.raw`SET\s+(?!LOCAL\b)`),
  RESET: statement(String.raw`RESET\s`),
  'set_config for the session': /\bset_config\s*\((?![^)]*,\s*true\s*\))/,
  'a session advisory lock': /\bpg_(?:try_)?advisory_(?!xact_)/,
  'a named statement': statement(String.raw`(?:PREPARE|EXECUTE|DEALLOCATE)\s`),
  'DISCARD, which is for whoever owns the session': statement(String.raw`DISCARD\s`),
  'a table of the session': /\bCREATE\s+(?:LOCAL\s+|GLOBAL\s+)?TEMP(?:ORARY)?\b/,
  'a cursor that outlives its transaction': /\bWITH\s+HOLD\b/,
  'LISTEN, which needs a connection of its own': statement(String.raw`(?:UN)?LISTEN\s`),
}

/** At the beginning of a statement: of the text, behind a comment or another statement, or behind an expression that begins it. */
function statement(words: string): RegExp {
  return new RegExp(String.raw`(?:^|;|\*/)(?:\s|«[^»]*»)*${words}`)
}

/** Every rule that a text breaks. */
export function sessionFaults(text: string): string[] {
  return Object.entries(SESSION_STATE)
    .filter(([, form]) => form.test(text))
    .map(([rule]) => rule)
}

/** The same of what is really sent, however it is written. */
export function sentFaults(text: string): string[] {
  return Object.entries(SESSION_STATE)
    .filter(([, form]) => new RegExp(form.source, 'i').test(text))
    .map(([rule]) => rule)
}
