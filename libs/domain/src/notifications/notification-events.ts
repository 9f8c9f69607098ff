/** What owners of provider keys, and of the platform, are told of. docs/webhooks.md shows the payloads; a test holds the two together. */
export const notificationTypes = [
  'credential.invalid',
  'credential.exhausted',
  'credential.expiring',
  'credential.expired',
  'credential.unreadable',
  'credential.recovered',
  'rotation.due',
  'rotation.failed',
  'rotation.finished',
  'provider.unhealthy',
  'provider.degraded',
  'provider.recovered',
  'catalogue.failed',
  'catalogue.waiting',
  'catalogue.deprecated',
  'webhook.test',
] as const;
export type NotificationType = (typeof notificationTypes)[number];

export interface Notification {
  /** Whose it is; null: the platform's own. */
  organizationId: string | null;
  type: NotificationType;
  /** Ids, names, states: never a secret. */
  data: Record<string, unknown>;
}
