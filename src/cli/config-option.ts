/** For every command. It is read before the command line is, because settings decide what commands work on. */
export const CONFIG_OPTION = [
  '--config <file>',
  'take settings from this file; causeway.yaml here or in the data folder unless said',
] as const

/** The file that the command line names. */
export function configNamed(argv: readonly string[]): string | null {
  const end = argv.indexOf('--')
  const ours = end === -1 ? argv : argv.slice(0, end)
  const at = ours.findLastIndex((word) => word === '--config' || word.startsWith('--config='))
  const word = ours[at]
  if (word === undefined) return null
  return word === '--config' ? (ours[at + 1] ?? null) : word.slice('--config='.length)
}
