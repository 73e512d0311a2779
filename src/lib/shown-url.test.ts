import { expect, test } from 'vitest'
import { shownUrl } from './shown-url.ts'

test.each([
  ['https://mcp.example/mcp', 'https://mcp.example/mcp'],
  ['https://mcp.example/mcp?page=2&Sort=key', 'https://mcp.example/mcp?page=2&Sort=key'],
  ['https://mcp.example/mcp?api_key=abc&page=2', 'https://mcp.example/mcp?api_key=*****&page=2'],
  ['https://mcp.example/mcp?X-API-Key=abc', 'https://mcp.example/mcp?X-API-Key=*****'],
  ['https://mcp.example/mcp?access_token=a&access_token=b', 'https://mcp.example/mcp?access_token=*****'],
  ['https://mcp.example/mcp?tavilyApiKey=abc', 'https://mcp.example/mcp?tavilyApiKey=*****'],
  ['https://joe:secret@mcp.example/', 'https://joe:*****@mcp.example/'],
  ['not a url?token=x', 'not a url?token=x'],
])('%s', (url, shown) => expect(shownUrl(url)).toBe(shown))
