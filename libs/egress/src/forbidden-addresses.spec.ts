import { BlockList } from 'node:net';
import fc from 'fast-check';
import { isForbiddenAddress } from './forbidden-addresses';

const ipv4 = fc.ipV4();
const mapped = (ip: string): string => `::ffff:${ip}`;

describe('isForbiddenAddress', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:10.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::8.8.8.8',
    '2002:7f00:1::',
    '2002:808:808::1',
    '2001::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:2::1',
    '2001:10::1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '4000::1',
  ])('refuses %s', (ip) => {
    expect(isForbiddenAddress(ip)).toBe(true);
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '11.0.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '126.255.255.255',
    '128.0.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001:80e::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('allows %s', (ip) => {
    expect(isForbiddenAddress(ip)).toBe(false);
  });

  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '[::1]',
    '1::2::3',
  ])('refuses what is no address: %j', (text) => {
    expect(isForbiddenAddress(text)).toBe(true);
  });

  it('says the same of an IPv4 address and of its IPv6 spellings', () => {
    fc.assert(
      fc.property(ipv4, (ip) => {
        const [a, b, c, d] = ip.split('.').map(Number) as [number, number, number, number];
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        const verdict = isForbiddenAddress(ip);
        expect(isForbiddenAddress(mapped(ip))).toBe(verdict);
        expect(isForbiddenAddress(`::FFFF:${hex}`)).toBe(verdict);
        expect(isForbiddenAddress(`0:0:0:0:0:ffff:${hex}`)).toBe(verdict);
        expect(isForbiddenAddress(`64:ff9b::${hex}`)).toBe(verdict);
      }),
    );
  });

  it("agrees with node's own list about private IPv4 ranges", () => {
    const list = new BlockList();
    for (const [net, prefix] of [
      ['10.0.0.0', 8],
      ['172.16.0.0', 12],
      ['192.168.0.0', 16],
      ['127.0.0.0', 8],
      ['169.254.0.0', 16],
      ['100.64.0.0', 10],
      ['224.0.0.0', 3],
    ] as const)
      list.addSubnet(net, prefix, 'ipv4');
    fc.assert(
      fc.property(ipv4, (ip) => {
        if (list.check(ip, 'ipv4')) expect(isForbiddenAddress(ip)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof isForbiddenAddress(text) === 'boolean'));
  });
});
