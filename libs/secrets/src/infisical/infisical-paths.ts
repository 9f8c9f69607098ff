import type { SecretAddress } from '../secret-store';

/** Our ids have only letters, digits and underscores, so they fit into names of folders as they are. */
export function folderOf(
  basePath: string,
  organizationId: string | null,
  area: SecretAddress['area'],
): string {
  const owner = organizationId === null ? 'platform' : `organizations/${organizationId}`;
  return `${basePath}/${owner}/${area}`;
}

export function splitPath(path: string): { parent: string; name: string } {
  const at = path.lastIndexOf('/');
  return { parent: at <= 0 ? '/' : path.slice(0, at), name: path.slice(at + 1) };
}
