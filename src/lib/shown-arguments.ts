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
