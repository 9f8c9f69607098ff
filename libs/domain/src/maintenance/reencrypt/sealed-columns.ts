import { type NamedKey, seal, unseal } from '@signalbox/common';
import { openEnvelope, sealEnvelope } from '@signalbox/secrets';

/** A column of sealed values whose rows are named by `id`, to which the values are bound. */
export interface SealedColumn {
  readonly table: 'sealed_secrets' | 'virtual_key_secrets' | 'webhooks';
  readonly id: 'name' | 'id';
  readonly column: 'sealed_value' | 'sealed_secret';
  /** Also notes which key it is sealed with. */
  readonly hasKeyColumn: boolean;
  open(ring: readonly NamedKey[], text: string, id: string): string | null;
  seal(ring: readonly NamedKey[], value: string, id: string): string;
}

/**
 * Everything that is sealed and lives for long, in the order in which it is sealed anew. Answers that are kept for an
 * Idempotency-Key are left out: they end by themselves within a day.
 */
export const sealedColumns: readonly SealedColumn[] = [
  {
    table: 'sealed_secrets',
    id: 'name',
    column: 'sealed_value',
    hasKeyColumn: true,
    open: (ring, text, id) => {
      const opened = openEnvelope(ring, text, id);
      return opened.isOpen ? opened.value : null;
    },
    seal: sealEnvelope,
  },
  { table: 'virtual_key_secrets', id: 'id', column: 'sealed_value', hasKeyColumn: false, open: unseal, seal },
  { table: 'webhooks', id: 'id', column: 'sealed_secret', hasKeyColumn: false, open: unseal, seal },
];

/** Both forms of sealed text name the key in their second part. */
export function keyIdOf(text: string): string {
  return text.split('.')[1] ?? '';
}

export function whyUnreadable(ring: readonly NamedKey[], text: string): string {
  const kid = keyIdOf(text);
  return ring.some((key) => key.kid === kid)
    ? 'The sealed value is damaged, or was moved here from another row.'
    : `It is sealed with the encryption key "${kid}", which is not in the ring.`;
}
