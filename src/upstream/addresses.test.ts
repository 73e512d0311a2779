import { expect, test } from 'vitest'
import { refuseAddress } from './addresses.ts'

/** address → [refused where private networks are closed, refused where they are open] */
const TABLE: Record<string, [boolean, boolean]> = {
  '93.184.216.34': [false, false],
  '2606:4700::1': [false, false],
  '127.0.0.1': [true, false],
  '127.255.0.9': [true, false],
  '10.0.0.1': [true, false],
  '172.16.0.1': [true, false],
  '192.168.1.1': [true, false],
  '100.64.0.1': [true, false],
  '192.0.2.1': [true, false],
  '::1': [true, false],
  'fd12:3456::1': [true, false],
  '0.0.0.0': [true, true],
  '::': [true, true],
  '169.254.169.254': [true, true],
  '169.254.1.1': [true, true],
  '100.100.100.200': [true, true],
  '168.63.129.16': [true, true],
  'fd00:ec2::254': [true, true],
  'fe80::1': [true, true],
  'fe80::1%eth0': [true, true],
  '224.0.0.1': [true, true],
  'ff02::1': [true, true],
  '255.255.255.255': [true, true],
  '::ffff:127.0.0.1': [true, false],
  '::ffff:169.254.169.254': [true, true],
  '::ffff:93.184.216.34': [false, false],
  '64:ff9b::a9fe:a9fe': [true, true],
  '64:ff9b::7f00:1': [true, false],
  '64:ff9b:1::a9fe:a9fe': [true, true],
  '2002:a9fe:a9fe::1': [true, true],
  '2002:7f00:1::': [true, false],
  '2001:0:4136:e378:8000:63bf:3fff:fdd2': [true, true],
  '::ffff:0:127.0.0.1': [true, true],
  'not an address': [true, true],
}

test.each(Object.entries(TABLE))('%s', (address, [closed, open]) => {
  expect(refuseAddress(address, { allowPrivate: false }) !== null).toBe(closed)
  expect(refuseAddress(address, { allowPrivate: true }) !== null).toBe(open)
})
