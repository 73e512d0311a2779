/** Messages that two parsers could read differently. As latin1 text, so that a byte is a character. */

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

/** Bytes that are no UTF-8, by what is wrong with them. */
export const BAD_UTF8: Readonly<Record<string, string>> = {
  'a lone byte 0xff': '\xff',
  'latin1 text': 'Gr\xf6\xdfe',
  'an overlong slash': '\xc0\xaf',
  'an overlong NUL': '\xe0\x80\x80',
  'an encoded surrogate': '\xed\xa0\x80',
  'a surrogate pair, each encoded': '\xed\xa0\xbd\xed\xb8\x80',
  'beyond U+10FFFF': '\xf4\x90\x80\x80',
  'a sequence cut short': '\xe2\x82',
  'a continuation without a start': '\x80',
}

/** Bytes that are no JSON but that lenient parsers take. */
export const NOT_JSON: Readonly<Record<string, string>> = {
  NaN: 'NaN',
  Infinity: '-Infinity',
  'a leading zero': '01',
  'a bare decimal point': '1.',
  'a plus sign': '+1',
  hexadecimal: '0x10',
  'single quotes': "'a'",
  'a raw control character': '"a\nb"',
  'a raw NUL': '"a\0b"',
  'an unknown escape': String.raw`"\x41"`,
  'a short unicode escape': String.raw`"\u12"`,
  'a trailing comma': '[1,]',
  'a comment': '/* x */ 1',
  'an undefined word': 'undefined',
  'capital True': 'True',
}

/** Ways to say a key twice: exactly, but for case, with escapes, with letters that fold to ASCII. */
export function twins(key: string): Readonly<Record<string, string>> {
  const capital = key[0]?.toUpperCase() + key.slice(1)
  const escaped = `\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}`
  return {
    same: key,
    'capital first': capital,
    'all capitals': key.toUpperCase(),
    escaped,
    ...(key.includes('s') && { 'long s': utf8(key.replace('s', '\u017f')) }),
    ...(key.includes('k') && { 'Kelvin sign': utf8(key.replace('k', '\u212a')) }),
  }
}
