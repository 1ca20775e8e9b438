import { expect, test } from 'vitest'
import { addressKey, networkKey } from '../../src/adapters/http/addresses.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1::', '1:0:0:0::/64'],
  ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
  ['::ffff:0:192.0.2.7', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})

test.each([
  '',
  'unknown',
  '192.0.2.7:80',
  '[::1]',
  '192.0.2.256',
  '1::2::3',
  'node',
  '%eth0',
  '\0',
])('%j is no address', (text) => {
  expect(addressKey(text)).toBeUndefined()
})

test.each([
  ['192.0.2.7', '192.0'],
  ['::ffff:192.0.2.7', '192.0'],
  ['2001:db8:1:2::5', '2001:db8:1'],
  ['2001:db8:1:ffff::9', '2001:db8:1'],
  ['::1', '0:0:0'],
])('the network around %s is %s', (address, network) => {
  expect(networkKey(addressKey(address) ?? '')).toBe(network)
})
