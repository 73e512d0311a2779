/**
 * What we use of node:http, taken as require() would. An ES module that imports it has all its members read, and one of them loads a whole
 * HTTP client that nobody here uses: 40 ms and 12 MB of each process that answers requests.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')
