import type { IncomingMessage } from 'node:http';
import { addressGroup, ClientAddresses } from './client-address';

function request(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

describe('the address of a client', () => {
  const addresses = new ClientAddresses(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

  it.each<[string, string, string | undefined, string]>([
    ['is that of the socket', '203.0.113.5', undefined, '203.0.113.5'],
    ['is IPv4 where the socket has it as IPv6', '::ffff:203.0.113.5', undefined, '203.0.113.5'],
    ['is not what a stranger claims', '203.0.113.5', '1.2.3.4', '203.0.113.5'],
    ['is what a trusted proxy says', '10.1.2.3', '1.2.3.4', '1.2.3.4'],
    ['is what a single trusted address says', '192.0.2.7', '1.2.3.4', '1.2.3.4'],
    ['is what a trusted proxy says, over IPv6', 'fd12::1', '2001:db8::1', '2001:db8::1'],
    ['is the last hop that is not trusted', '10.1.2.3', '6.6.6.6, 1.2.3.4, 10.9.9.9', '1.2.3.4'],
    ['is not what the client put in front', '::ffff:10.1.2.3', '9.9.9.9, 1.2.3.4', '1.2.3.4'],
    ['has no port', '10.1.2.3', '1.2.3.4:5678', '1.2.3.4'],
    ['has no brackets', '10.1.2.3', '[2001:db8::1]:443', '2001:db8::1'],
    ['is the proxy where the header is nonsense', '10.1.2.3', 'unknown', '10.1.2.3'],
    ['is the proxy where there is no header', '10.1.2.3', undefined, '10.1.2.3'],
    ['is the first hop where all are trusted', '10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
  ])('%s', (_name, socket, forwarded, expected) => {
    expect(addresses.of(request(socket, forwarded))).toBe(expected);
  });

  it.each([
    ['203.0.113.5', '203.0.113.5'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('%s is counted as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});
