import type { Terminal } from './terminal.ts'

/** What is fast needs no sign of life. */
const QUIET_MS = 300
/** Plain lines are for what somebody would wonder about. */
const PLAIN_MS = 1000
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * Shows that something goes on while `work` runs: on a terminal a line that moves and goes away, elsewhere one plain line for each
 * step that takes over a second. `work` may say what it does now.
 */
export async function working<T>(
  out: Terminal,
  what: string,
  work: (say: (step: string) => void) => Promise<T>,
): Promise<T> {
  const began = performance.now()
  let step = what
  let said = ''
  let frame = 0
  const show = (): void => {
    const passed = performance.now() - began
    if (out.moves && passed >= QUIET_MS) {
      const seconds = passed >= PLAIN_MS ? ` … ${Math.floor(passed / 1000)} s` : ' …'
      out.status(`${FRAMES[frame++ % FRAMES.length]} ${step}`, seconds)
    } else if (!out.moves && passed >= PLAIN_MS && said !== step) out.note(`${(said = step)} …`)
  }
  const timer = setInterval(show, out.moves ? 100 : PLAIN_MS)
  try {
    return await work((now) => {
      step = now
      if (out.moves) show()
    })
  } finally {
    clearInterval(timer)
    out.status('')
  }
}

/** Says a step with how far it is, where a line can be drawn anew; elsewhere each step is said once. */
export function counting(out: Terminal, say: (step: string) => void): (step: string, rows?: number) => void {
  return (step, rows) => say(out.moves && rows !== undefined ? `${step}: ${rows.toLocaleString('en')} rows` : step)
}
