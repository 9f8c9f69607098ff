import type { IncomingMessage } from 'node:http';
import type { Clock } from '@signalbox/common';
import { retryAfterSeconds } from '@signalbox/gateway';
import { Refusal } from '../request/refusal';
import { addressGroup, type ClientAddresses } from '../server/client-address';

const burst = 30;
const perMinute = 30;
const refillMs = 60_000 / perMinute;
/** Bounds the memory that an attack from many addresses can take. */
const addressLimit = 50_000;

interface Bucket {
  left: number;
  atMs: number;
}

/**
 * Guessing keys, by address. Only attempts with an unknown or mistyped key count; a key that is known in memory is never asked
 * here, so that others behind the same address are not harmed.
 */
export class UnknownKeyGuard {
  /** In the order of their last use. */
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly clock: Clock,
    private readonly addresses: ClientAddresses,
  ) {}

  /** Before a look-up in Redis. */
  check(request: IncomingMessage): void {
    const bucket = this.buckets.get(this.groupOf(request));
    if (!bucket) return;
    const left = this.refilled(bucket);
    if (left >= 1) return;
    throw new Refusal('unknown_keys_limited', {
      retryAfterSeconds: retryAfterSeconds((1 - left) * refillMs),
    });
  }

  /** The key was unknown. */
  note(request: IncomingMessage): void {
    const group = this.groupOf(request);
    const bucket = this.buckets.get(group);
    const left = bucket ? this.refilled(bucket) : burst;
    this.buckets.delete(group);
    this.buckets.set(group, { left: Math.max(0, left - 1), atMs: this.clock.nowMs() });
    const oldest = this.buckets.keys().next();
    if (this.buckets.size > addressLimit && !oldest.done) this.buckets.delete(oldest.value);
  }

  private groupOf(request: IncomingMessage): string {
    return addressGroup(this.addresses.of(request));
  }

  private refilled({ left, atMs }: Bucket): number {
    return Math.min(burst, left + Math.max(0, this.clock.nowMs() - atMs) / refillMs);
  }
}
