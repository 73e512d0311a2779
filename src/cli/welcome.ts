/** What a person is told once the gateway answers. */
export interface Welcome {
  readonly url: string
  readonly tokenFile: string
  /** Only at the start that made it. */
  readonly newToken: string | null
  /** The commands do not find it by themselves in a terminal with other settings. */
  readonly elsewhere: boolean
  /** How the commands are called, such as `npx causeway`. */
  readonly command: string
}

export function welcomeLines({ url, tokenFile, newToken, elsewhere, command }: Welcome): string[] {
  const shared = [
    '',
    `Causeway answers at      ${url}`,
    `MCP clients connect to   ${url}/mcp`,
    `The REST API is shown at ${url}/docs`,
    '',
  ]
  if (newToken === null) return [...shared, `The administrator's token is in ${tokenFile}`, 'Ctrl-C stops it.', '']
  return [
    ...shared,
    `The administrator's token, shown this once and kept in ${tokenFile}:`,
    `  ${newToken}`,
    '',
    'Next, in another terminal:',
    ...(elsewhere ? [`  export CAUSEWAY_URL=${url} CAUSEWAY_TOKEN="$(cat '${tokenFile}')"`] : []),
    `  ${command} add --example               a server to try things with`,
    `  ${command} add NAME URL                put an MCP server behind this endpoint`,
    `  ${command} call TOOL --arg key=value   call one of its tools`,
    `  ${command} --help                      what else there is`,
    '',
    'Ctrl-C stops it.',
    '',
  ]
}
