import { randomBytes } from 'node:crypto';
import { findFreePorts } from '../stack/ports.mjs';

/** Of an Infisical that is not there yet: the stand-in of the tests takes this port and accepts this identity. */
export async function infisicalSettings() {
  const [port] = await findFreePorts(1);
  const secret = () => randomBytes(24).toString('hex');
  return {
    INFISICAL_URL: `http://127.0.0.1:${port}`,
    INFISICAL_CLIENT_ID: `client-${secret()}`,
    INFISICAL_CLIENT_SECRET: `infisical-${secret()}`,
    INFISICAL_PROJECT_ID: `project-${secret()}`,
  };
}
