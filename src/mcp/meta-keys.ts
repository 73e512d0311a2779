/** Names in `_meta` that the protocol reserves (2026-07-28, basic/index). */
export const PREFIX = 'io.modelcontextprotocol/'
export const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion'
export const CLIENT_INFO = 'io.modelcontextprotocol/clientInfo'
export const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
export const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'
export const SERVER_INFO = 'io.modelcontextprotocol/serverInfo'
export const PROGRESS_TOKEN = 'progressToken'
