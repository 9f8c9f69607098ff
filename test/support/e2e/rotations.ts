import type { E2eStack } from '../e2e-stack';
import { waitUntil } from '../wait-until';
import type { RotationView } from './admin-api';

const stepMs = 120_000;

/** Until the rotation is at that step or over. */
export function waitForStep(stack: E2eStack, rotationId: string, step: string): Promise<RotationView> {
  return waitUntil(
    async () => {
      const rotation = await stack.api.getRotation(rotationId);
      return rotation.step === step || rotation.status !== 'running' ? rotation : null;
    },
    { deadlineMs: stepMs, what: `step ${step} of rotation ${rotationId}`, pollEveryMs: 20 },
  );
}

export function waitForEnd(stack: E2eStack, rotationId: string): Promise<RotationView> {
  return waitUntil(
    async () => {
      const rotation = await stack.api.getRotation(rotationId);
      return rotation.status === 'running' ? null : rotation;
    },
    { deadlineMs: stepMs, what: `the end of rotation ${rotationId}`, pollEveryMs: 100 },
  );
}

/** Does not wait for the old value's grace time once the new one is in use. */
export async function rotateQuickly(
  stack: E2eStack,
  credentialId: string,
  apiKey: string,
): Promise<RotationView> {
  const { id } = await stack.api.rotateCredential(credentialId, { api_key: apiKey, grace: '1h' });
  const { status } = await waitForStep(stack, id, 'watch');
  if (status === 'running') await stack.api.post(`/rotations/${id}/retire`);
  return waitForEnd(stack, id);
}
