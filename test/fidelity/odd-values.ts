/** Values that are legal JSON and that parsers and serialisers like to change. Raw text; the name says what is odd. */

const nested = (depth: number, open: string, inner: string, close: string): string =>
  open.repeat(depth) + inner + close.repeat(depth)

const quoted = (text: string): string => `"${text}"`

export const ODD_VALUES: Readonly<Record<string, string>> = {
  'integers beyond 2^53': '[9007199254740993,-9007199254740993,123456789012345678901234567890,18446744073709551615]',
  'numbers no double holds':
    '[1e400,-1e400,1e+400,1E-400,0.1000000000000000055511151231257827,3.14159265358979323846264338327950288]',
  'forms of zero and one': '[-0,-0.0,0e0,0.0,1.0,1.00,1E0,1e+0,1e-0,10e-1]',
  'large exponent forms': '[1E5,1e5,1e+5,1.5E+300,1e-7,100000000000000000000000,1e21]',
  '64 arrays deep': nested(64, '[', '1', ']'),
  '100 objects deep': nested(100, '{"a":', 'null', '}'),
  '800 levels, mixed': nested(400, '{"a":[', '0', ']}'),
  'eight-bit text': quoted('Größe, naïve, Ångström, ¿qué?, þÿ, \u0080\u009f\u00a0'),
  'other scripts': quoted('中文 日本語 한국어 العربية עברית हिन्दी ไทย \u200f\u202e'),
  emoji: quoted('😀 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 \u{1F9D1}\u{1F3FD}\u{10FFFF}'),
  'line separators and BOM inside': quoted('a\u2028b\u2029c\uFEFFd\uFFFE\uFFFF'),
  'DEL and high controls': quoted('\u007f\u0085'),
  'every escape': String.raw`"\"\\\/\b\f\n\r\t\u0000\u001f\u007f\u00e9\u00E9\u2028\ud83d\ude00\uD83D\uDE00"`,
  'lone surrogate escapes': String.raw`["\ud800","\udfff","\ude00\ud83d","x\ud800y","\ud800\u0041"]`,
  'escaped slashes and ASCII': String.raw`"\/path\/\u0061\u0062\u0063"`,
  'many backslashes': quoted('\\\\'.repeat(501) + '\\"' + '\\\\'.repeat(500)),
  'empty things': '["",{},[],[[]],[{}],{"":""},{"":{"":[]}}]',
  'null, true and false': '[null,true,false,{"null":null}]',
  'prototype keys': '{"__proto__":{"polluted":true},"constructor":{"prototype":{}},"toString":1,"hasOwnProperty":null}',
  'number-like keys out of order': '{"10":1,"9":2,"-1":3,"1":4,"01":5,"1.0":6}',
  'keys that differ in case': '{"a":1,"A":2,"name":"x","Name":"y","ID":1,"id":2}',
  'keys with escapes': String.raw`{"\u0061":1,"b\n":2,"\"":3,"\\":4,"é":5,"e\u0301":6}`,
  'a long key': `{"${'k'.repeat(20_000)}":1}`,
  'envelope names inside':
    '{"jsonrpc":"1.0","id":7,"result":{"id":8},"error":{"code":1},"method":"x","params":{"name":"y"}}',
  'protocol names inside':
    '{"_meta":{"progressToken":1,"x":2},"resultType":"task","ttlMs":-1,"cacheScope":"none","isError":"no"}',
  'many small numbers': `[${Array.from({ length: 5000 }, (_, n) => n * 7).join(',')}]`,
  'white space': '{ "a" :\t[ 1 ,\r\n 2 , {\n} ]\n, "b":  {\r} }',
  'text like SSE': String.raw`"data: x\n\nevent: y\n: z\r\nid: 1"`,
}
