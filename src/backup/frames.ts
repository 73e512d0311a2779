import { createCipheriv, createDecipheriv } from 'node:crypto'
import { damaged } from './archive-fault.ts'
import type { ArchiveKey } from './header.ts'

const TAG = 16
const LENGTH = 4
/** No frame of ours comes near it: a length beyond is a damaged one, and must not make us reserve memory. */
const LONGEST = 256 << 20

/**
 * Seals parts one after the other. Each is bound to its place, to whether it is the last, and to the header, so that none can be
 * altered, moved, left out or cut off without being noticed.
 */
export function sealer({ key, binding }: ArchiveKey): (part: Buffer, isLast: boolean) => Buffer {
  let place = 0
  return (part, isLast) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(place++, isLast))
    cipher.setAAD(binding)
    const length = Buffer.alloc(LENGTH)
    length.writeUInt32BE(part.length + TAG)
    return Buffer.concat([length, cipher.update(part), cipher.final(), cipher.getAuthTag()])
  }
}

function nonceOf(place: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(place))
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** Opens what was sealed. Throws an ArchiveFault at the first part that is not as it was. */
export async function* opened(bytes: AsyncIterable<Buffer>, { key, binding }: ArchiveKey): AsyncGenerator<Buffer> {
  const frames = cutFrames(bytes)
  let place = 0
  let frame = await frames.next()
  while (frame.done !== true) {
    const next = await frames.next()
    const isLast = next.done === true
    yield decrypt(frame.value, { key, binding, nonce: nonceOf(place, isLast), place })
    place += 1
    frame = next
  }
  if (place === 0) throw damaged('it ends after its header')
}

interface Sealed extends ArchiveKey {
  readonly nonce: Buffer
  readonly place: number
}

function decrypt(frame: Buffer, { key, binding, nonce, place }: Sealed): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  decipher.setAAD(binding)
  decipher.setAuthTag(frame.subarray(-TAG))
  const plain = decipher.update(frame.subarray(0, -TAG))
  try {
    decipher.final()
  } catch {
    throw damaged(`part ${place + 1} was altered, or what follows it is missing`)
  }
  return plain
}

async function* cutFrames(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    rest.push(chunk)
    size += chunk.length
    while (size >= LENGTH) {
      const head = (rest[0]?.length ?? 0) >= LENGTH ? (rest[0] ?? Buffer.alloc(0)) : Buffer.concat(rest)
      const length = head.readUInt32BE()
      if (length < TAG || length > LONGEST) throw damaged('the length of a part was altered')
      if (size < LENGTH + length) break
      const whole = Buffer.concat(rest)
      yield whole.subarray(LENGTH, LENGTH + length)
      rest = [whole.subarray(LENGTH + length)]
      size -= LENGTH + length
    }
  }
  if (size > 0) throw damaged('it is cut off')
}
