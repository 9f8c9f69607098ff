import type { IncomingMessage } from 'node:http';
import { ManualClock } from '@signalbox/common';
import { Refusal } from '../request/refusal';
import { ClientAddresses } from '../server/client-address';
import { UnknownKeyGuard } from './unknown-key-guard';

const from = (remoteAddress: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: {} }) as unknown as IncomingMessage;

function refusalOf(guard: UnknownKeyGuard, address: string): Refusal | null {
  try {
    guard.check(from(address));
    return null;
  } catch (error) {
    return error as Refusal;
  }
}

describe('attempts with unknown keys', () => {
  it('are 30 at once, then one every two seconds, by address', () => {
    const clock = new ManualClock();
    const guard = new UnknownKeyGuard(clock, new ClientAddresses([]));
    for (let tries = 0; tries < 30; tries += 1) {
      expect(refusalOf(guard, '192.0.2.1')).toBeNull();
      guard.note(from('192.0.2.1'));
    }
    const refused = refusalOf(guard, '192.0.2.1');
    expect(refused?.code).toBe('unknown_keys_limited');
    expect(refused?.details.retryAfterSeconds).toBe(2);
    expect(refusalOf(guard, '192.0.2.2')).toBeNull();
    clock.advanceMs(2_000);
    expect(refusalOf(guard, '192.0.2.1')).toBeNull();
    guard.note(from('192.0.2.1'));
    expect(refusalOf(guard, '192.0.2.1')).not.toBeNull();
    clock.advanceMs(3_600_000);
    for (let tries = 0; tries < 30; tries += 1) guard.note(from('192.0.2.1'));
    expect(refusalOf(guard, '192.0.2.1')).not.toBeNull();
  });

  it('of one IPv6 network count together', () => {
    const guard = new UnknownKeyGuard(new ManualClock(), new ClientAddresses([]));
    for (let tries = 0; tries < 30; tries += 1) guard.note(from(`2001:db8:1:2::${tries.toString(16)}`));
    expect(refusalOf(guard, '2001:db8:1:2:ffff::1')).not.toBeNull();
    expect(refusalOf(guard, '2001:db8:1:3::1')).toBeNull();
  });

  it('are forgotten before they fill the memory, the oldest address first', () => {
    const guard = new UnknownKeyGuard(new ManualClock(), new ClientAddresses([]));
    for (let tries = 0; tries < 30; tries += 1) guard.note(from('192.0.2.1'));
    const address = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    for (let index = 0; index < 49_999; index += 1) guard.note(from(address(index)));
    expect(refusalOf(guard, '192.0.2.1')).not.toBeNull();
    guard.note(from(address(49_999)));
    expect(refusalOf(guard, '192.0.2.1')).toBeNull();
  });
});
