/** Much more than is held at a time: what is still needed at two of these collections lives on until a full one. */
const EVERY_BYTES = 8 << 20
let passed = 0

/**
 * So many bytes have passed through. Their buffers lie outside the heap and are given back by a collection only: V8 comes to a full
 * one for them, of many milliseconds, where one of what is young takes about one. Without node's --expose-gc it is V8's affair.
 */
export function passedThrough(bytes: number): void {
  passed += bytes
  if (passed < EVERY_BYTES) return
  passed = 0
  globalThis.gc?.({ type: 'minor', execution: 'sync' })
}
