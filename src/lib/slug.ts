/** Letters that decomposition leaves whole though ASCII has a spelling for them. */
const SPELLED: Readonly<Record<string, string>> = { æ: 'ae', ß: 'ss', ø: 'o' }

const PLAIN = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** `Fast Time_Srv` → `fast-time-srv`. ASCII letters and digits in runs joined by `-`; empty if nothing of that is left. */
export function slugify(text: string): string {
  if (PLAIN.test(text)) return text
  return text
    .toLowerCase()
    .replace(/[æßø]/g, (letter) => SPELLED[letter] ?? '')
    .normalize('NFKD')
    .replace(/[^\0-\x7f]/g, '')
    .toLowerCase()
    .replace(/(?<=\w)'(?=\w)/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
