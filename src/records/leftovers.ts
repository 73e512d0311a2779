import { rm } from 'node:fs/promises'
import { Recorder, type RecorderOptions } from './recorder.ts'
import { SpillFile, type SpillOptions } from './spill-file.ts'

export interface LeftoverOptions extends Pick<RecorderOptions, 'sink' | 'onRefused'>, Pick<SpillOptions, 'onLost'> {
  /** Spill files of workers that no longer run: there were more of them once. */
  readonly paths: readonly string[]
}

/** Stores what other workers left on disk, and removes the files. False: something could not be stored now, and is still there. */
export async function storeLeftovers({ paths, onLost, ...options }: LeftoverOptions): Promise<boolean> {
  let isAll = true
  for (const path of paths) {
    const spill = await SpillFile.open({ path, maxBytes: Number.MAX_SAFE_INTEGER, onLost })
    const recorder = new Recorder({ ...options, spill, writer: '', epoch: '', closeMs: 60_000 })
    await recorder[Symbol.asyncDispose]()
    if (spill.pending) isAll = false
    else await rm(path)
  }
  return isAll
}
