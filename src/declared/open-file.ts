import type { ConfigFile } from '#/config/config-file.ts'
import { faultLines } from '#/config/fault-lines.ts'
import { refuseFaults } from '#/config/layers.ts'
import { readDeclared, type DeclaredFile } from './read-file.ts'

/** What a file declares, and where it stands. */
export interface DeclaredSource {
  readonly path: string
  /** What relative paths in it start from. */
  readonly folder: string
  readonly declared: DeclaredFile
}

/** Throws a ConfigError with every mistake, and with what is wrong with the file otherwise. */
export function openDeclared(file: ConfigFile, faultsBefore: readonly string[] = []): DeclaredSource {
  const { file: declared, faults } = readDeclared(file.yaml, file.name)
  const lines = [...new Set([...faultsBefore, ...faultLines(file.path, faults)])]
  refuseFaults({ faults: lines }, `${file.path} needs attention`)
  return { path: file.path, folder: file.folder, declared }
}
