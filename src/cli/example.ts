import type { Command } from 'commander'
import { taught } from './lesson.ts'
import { ownVersion } from './version.ts'

export function exampleCommand(program: Command): void {
  const command = program
    .command('example')
    .description('run the example server over standard input and output')
    .action(async () => {
      const { serveExample } = await import('#/example/serve-stdio.ts')
      await serveExample(process.stdin, process.stdout, ownVersion())
    })
  taught(command, {
    examples: [
      ['put it behind the gateway, which starts it when it is needed', 'causeway add --example'],
      ['let another MCP client start it', 'npx @modelcontextprotocol/inspector causeway example'],
    ],
  })
}
