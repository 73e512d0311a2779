import { Argument, type Command } from 'commander'
import { complete, starting, type Candidate, type Lookup } from './complete.ts'
import { namesOf } from './complete-names.ts'
import { SCRIPTS } from './completion-scripts.ts'
import type { Context } from './context.ts'
import { taught } from './lesson.ts'
import { openApi } from './open-api.ts'

export function completionCommand(program: Command, context: Context): void {
  const command = program
    .command('completion')
    .description('what makes a shell complete commands, options and the names of what there is')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => context.out.print(SCRIPTS[shell].trimEnd()))
  taught(command, {
    examples: [
      ['bash, in ~/.bashrc', 'eval "$(causeway completion bash)"'],
      ['zsh, in ~/.zshrc after compinit', 'eval "$(causeway completion zsh)"'],
      ['fish', 'causeway completion fish > ~/.config/fish/completions/causeway.fish'],
    ],
    next: "open a new shell and press Tab after causeway. Without an installation: alias causeway='npx causeway'.",
  })
  program
    .command('complete', { hidden: true })
    .description('what the shells ask')
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const { candidates, lookup } = complete(program, words)
      const found = lookup === null ? [] : await looked(lookup, words.at(-1) ?? '', context)
      for (const { value, about } of [...candidates, ...found])
        context.out.print(`${value}\t${firstOf(about)}`.trimEnd())
    })
}

/** Somebody waits with a finger on the key. */
const PATIENCE_MS = 1_000

/** What there is, as far as it is known in time; an error is no completion. */
async function looked(lookup: Lookup, current: string, { env, stop }: Context): Promise<readonly Candidate[]> {
  if (lookup.kind === 'file') return [{ value: ':file', about: '' }]
  const names: Candidate[] = []
  try {
    const api = await openApi(env, AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]))
    await namesOf(api, lookup, (name) => names.push(name))
  } catch {
    // What came until then is as good.
  }
  return starting(names, current)
}

const LONGEST = 80

const firstOf = (about: string): string => (about.length > LONGEST ? `${about.slice(0, LONGEST - 1)}…` : about)
