import { createHmac } from 'node:crypto';

/** As Infisical sends it: the signature covers the body, which has the same time as the header. */
export function signedWebhook(
  secret: string,
  options: {
    projectId: string;
    environment: string;
    secretPath?: string;
    timestampMs?: number;
    signature?: 'right' | 'wrong' | 'missing';
  },
): { body: string; headers: Record<string, string> } {
  const { projectId, environment, secretPath = '/', timestampMs = Date.now(), signature } = options;
  const body = JSON.stringify({
    event: 'secrets.modified',
    project: { workspaceId: projectId, environment, secretPath },
    timestamp: timestampMs,
  });
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const key = signature === 'wrong' ? `${secret}-wrong` : secret;
  const mac = createHmac('sha256', key).update(body).digest('hex');
  if (signature !== 'missing') headers['x-infisical-signature'] = `t=${timestampMs};${mac}`;
  return { body, headers };
}
