import { MASK } from './mask.ts'
import { isSecretName, shownUrl } from './shown-url.ts'

/** `--api-key=…`, `API_KEY=…`, `Authorization: …` */
const NAMED = /^(-{0,2}([A-Za-z][\w.-]*)(?:=|:\s*))./s
/** Long and without a shape that people would write. */
const LIKE_A_SECRET = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_+=-]{20,}$/
const FLAG = /^--?([A-Za-z][\w.-]*)$/

/** The arguments of a command as people may read them: what looks like a key or a password among them is masked. */
export function shownArguments(args: readonly string[]): readonly string[] {
  return args.map((arg, n) => {
    const flag = FLAG.exec(args[n - 1] ?? '')?.[1]
    if (flag !== undefined && isSecretName(flag) && !FLAG.test(arg)) return MASK
    const [, start = '', name = ''] = NAMED.exec(arg) ?? []
    if (isSecretName(name)) return start + MASK
    return LIKE_A_SECRET.test(arg) && !FLAG.test(arg) ? MASK : shownUrl(arg)
  })
}

/** What `shownArguments` leaves out of them: nobody may read it elsewhere either, such as in what the command writes. */
export function secretsInArguments(args: readonly string[]): readonly string[] {
  return shownArguments(args).flatMap((shown, n) => {
    const arg = args[n] ?? ''
    if (shown === arg) return []
    const [before = '', ...after] = shown.split(MASK)
    const secret = arg.slice(before.length, arg.length - (after.at(-1) ?? '').length)
    // A scheme such as Bearer is no part of what the command may write by itself.
    return [arg, secret, secret.split(' ').at(-1) ?? '']
  })
}
