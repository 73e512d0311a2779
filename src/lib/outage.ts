/** What is tried again and again, and fails each time for as long as something else is away, is said once. */
export interface Outage {
  /** True: this is the first failure of an outage, so say it. */
  failed(): boolean
  /** True: it was an outage until now. */
  worked(): boolean
}

export function outage(): Outage {
  let isOut = false
  const turn = (to: boolean): boolean => {
    const turned = isOut !== to
    isOut = to
    return turned
  }
  return { failed: () => turn(true), worked: () => turn(false) }
}
