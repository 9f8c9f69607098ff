import { isId } from '@signalbox/common';
import { isProviderKind, type ProviderKindName } from '@signalbox/domain/providers';

export interface ManualName {
  readonly kind: ProviderKindName;
  /** null: the key is the organization's (in the platform's folder: the platform's). */
  readonly workspaceId: string | null;
}

/**
 * What people call the keys that they keep by hand: the kind of the provider in capitals, and for a workspace's key the
 * workspace's id behind it, such as `OPENAI__01J...` for ws_01j...
 * @returns null: not a name of this form
 */
export function parseManualName(name: string): ManualName | null {
  const [kindText = '', workspaceText, ...more] = name.split('__');
  const kind = kindText.toLowerCase();
  if (more.length > 0 || kindText !== kindText.toUpperCase() || !isProviderKind(kind)) return null;
  if (workspaceText === undefined) return { kind, workspaceId: null };
  const workspaceId = `ws_${workspaceText.toLowerCase()}`;
  return isId('workspace', workspaceId) ? { kind, workspaceId } : null;
}
