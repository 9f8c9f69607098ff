import { randomBytes } from 'node:crypto';
import type { E2eStack } from '../e2e-stack';

export interface Tenant {
  organizationId: string;
  workspaceId: string;
}

/** Each test file works in its own organization, so that files and runs do not see each other. */
export async function createTenant(stack: E2eStack, name: string): Promise<Tenant> {
  const organization = await stack.api.createOrganization(`${name} ${randomBytes(4).toString('hex')}`);
  const workspace = await stack.api.createWorkspace(organization.id, name);
  return { organizationId: organization.id, workspaceId: workspace.id };
}
