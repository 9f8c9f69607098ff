import type { WebhookDeliveryEntity } from '@signalbox/database';
import { signWebhook } from './webhook-signature';

const timeLimitMs = 10_000;

export interface WebhookTarget {
  url: string;
  secret: string;
  allowedHosts: readonly string[];
}

export interface SentWebhook {
  isDelivered: boolean;
  /** null: there was no answer. */
  status: number | null;
  /** For people, without address and content. */
  error: string | null;
}

/** One attempt. Any 2xx means taken; redirects are not followed. Never throws. */
export async function sendWebhook(
  { url, secret }: WebhookTarget,
  { id, payload }: WebhookDeliveryEntity,
  nowMs: number,
  signal: AbortSignal,
): Promise<SentWebhook> {
  const body = JSON.stringify(payload);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'signalbox-webhooks',
    ...signWebhook(secret, { id, timestamp: Math.floor(nowMs / 1_000), body }),
  };
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]),
    });
    const isDelivered = answer.status >= 200 && answer.status < 300;
    return { isDelivered, status: answer.status, error: isDelivered ? null : `answered ${answer.status}` };
  } catch (error) {
    return { isDelivered: false, status: null, error: error instanceof Error ? error.name : 'failed' };
  }
}
