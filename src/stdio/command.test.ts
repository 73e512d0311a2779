import { expect, test } from 'vitest'
import { scrubbed } from './command.ts'

test('a server sees where programs are and whom this machine trusts, and no setting or secret', () => {
  const kept = {
    PATH: '/bin',
    HOME: '/h',
    LC_TIME: 'C',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    SSL_CERT_FILE: '/ca.pem',
    SSL_CERT_DIR: '/ca',
  }
  const dropped = {
    DATABASE_URL: 'postgres://u:p@h/d',
    CAUSEWAY_TOKEN: 'cw_1',
    HTTPS_PROXY: 'http://u:p@proxy',
    NODE_OPTIONS: '--inspect',
    AWS_SECRET_ACCESS_KEY: 's',
  }
  expect(scrubbed({ ...kept, ...dropped })).toEqual(kept)
})
