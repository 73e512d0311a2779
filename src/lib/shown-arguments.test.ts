import { expect, test } from 'vitest'
import { secretsInArguments, shownArguments } from './shown-arguments.ts'

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

test('what is masked is known, with and without what stands before it', () => {
  const args = [
    '--api-key',
    'abc',
    '--token=def',
    '--header',
    'Authorization: Bearer ghi',
    'https://a.example/?key=jkl',
  ]
  const secrets = secretsInArguments([...args, '--port', '80'])
  expect(secrets).toEqual(expect.arrayContaining(['abc', 'def', 'Bearer ghi', 'ghi', 'jkl']))
  expect(secrets.filter((each) => ['', '80', '--port', '--api-key'].includes(each))).toEqual([])
})
