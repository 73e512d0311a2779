import { expect, test } from 'vitest'
import { shownArguments } from './shown-arguments.ts'

test.each([
  [
    ['-y', 'server', 'https://mcp.example/mcp', '--header', 'X-Team: a'],
    ['-y', 'server', 'https://mcp.example/mcp', '--header', 'X-Team: a'],
  ],
  [
    ['--api-key', 'abc', '--port', '80'],
    ['--api-key', '*****', '--port', '80'],
  ],
  [
    ['--token=abc', '-e', 'GITHUB_TOKEN=abc', '-e', 'GITHUB_TOKEN'],
    ['--token=*****', '-e', 'GITHUB_TOKEN=*****', '-e', 'GITHUB_TOKEN'],
  ],
  [
    ['--header', 'Authorization: Bearer abc'],
    ['--header', 'Authorization: *****'],
  ],
  [['https://mcp.example/mcp?api_key=abc'], ['https://mcp.example/mcp?api_key=*****']],
  [
    ['--use-token', '--verbose'],
    ['--use-token', '--verbose'],
  ],
])('%j', (args, shown) => expect(shownArguments(args)).toEqual(shown))
