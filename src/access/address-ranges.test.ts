import { expect, test } from 'vitest'
import { addressRange, inRanges, isRangeIn } from './address-ranges.ts'

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  [' 192.0.2.7 ', '192.0.2.7/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8::1/32', '2001:db8::/32'],
  ['::1', '::1/128'],
  ['::ffff:10.9.8.7/104', '10.0.0.0/8'],
  ['::ffff:10.9.8.7', '10.9.8.7/32'],
])('%s is kept as %s', (text, kept) => expect(addressRange(text)).toBe(kept))

test.each([
  '',
  '10.0.0',
  '10.0.0.0/33',
  '010.0.0.1',
  '0x0a.0.0.1',
  '1.2.3.4/',
  '1.2.3.4/-1',
  '::1/129',
  '::ffff:1.2.3.4/80',
  'localhost',
  '1.2.3.4/8/8',
])('%j is no range', (text) => expect(addressRange(text)).toBeUndefined())

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.1.1.1', true],
  ['10.0.0.0/8', '::ffff:0b01:0101', false],
  ['::/0', '10.1.1.1', false],
  ['::/0', '::ffff:10.1.1.1', false],
  ['0.0.0.0/0', '::1', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['127.0.0.1/32', 'nonsense', false],
])('%s and %s: %s', (range, address, isIn) => expect(inRanges([range])(address)).toBe(isIn))

test.each([
  ['10.1.0.0/16', ['10.0.0.0/8'], true],
  ['10.0.0.0/8', ['10.1.0.0/16'], false],
  ['10.0.0.0/8', ['10.0.0.0/8'], true],
  ['::1/128', ['0.0.0.0/0'], false],
  ['10.0.0.0/8', ['192.0.2.0/24', '0.0.0.0/0'], true],
])('%s in %j: %s', (inner, outer, isIn) => expect(isRangeIn(inner, outer)).toBe(isIn))
