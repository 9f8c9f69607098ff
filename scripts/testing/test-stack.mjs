import { cpSync, existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeFileAtomically } from '../stack/atomic-file.mjs';
import { findFreePorts } from '../stack/ports.mjs';
import { withDatabase } from '../stack/postgres-connection.mjs';
import { Stack } from '../stack/stack.mjs';
import { readStackRecord } from '../stack/stack-record.mjs';
import { statusReport } from '../stack/status-report.mjs';
import { makeCanaryKeys, throwawaySettings } from './throwaway.mjs';

/**
 * One whole stack for tests from outside, started by the same code as `npm start`. Returns the environment that tells tests
 * about it (SIGNALBOX_E2E_STATUS_FILE: the status report and, in a file of mode 0600, the secrets that tests need) and `stop`.
 */
export async function startTestStack({ name, progress, isDurable, more = {} }) {
  const [openrouterPort] = await findFreePorts(1);
  const settings = await throwawaySettings({
    name,
    canaryKeys: makeCanaryKeys(),
    // Stand-ins of providers listen there, and customers' base URLs lead to them.
    more: {
      SIGNALBOX_ALLOWED_HOSTS: '127.0.0.1',
      // Nobody is there until a test starts its stand-in of OpenRouter.
      SIGNALBOX_OPENROUTER_URL: `http://127.0.0.1:${openrouterPort}/api/v1`,
      ...more,
    },
  });
  const stack = new Stack({
    settings,
    progress,
    announce: (text) => progress.line(`  ${text}`),
    isThrowaway: true,
    isDurable,
  });
  const stop = () => {
    stack.hurry();
    return stack.stop();
  };
  const start = async () => describe(settings, stack, await stack.start());
  return { start, stop, keepLogs: () => keepLogs(settings, name) };
}

/** The data folder goes away with the stack; what explains a failure stays. */
function keepLogs({ checkout, files }, name) {
  const kept = join(checkout, '.signalbox', 'test-logs', name);
  rmSync(kept, { recursive: true, force: true });
  const litellmLogs = join(files.runnerData, 'logs');
  for (const [from, to] of [
    [files.logs, kept],
    [litellmLogs, join(kept, basename(files.runnerData))],
  ]) {
    if (existsSync(from)) cpSync(from, to, { recursive: true });
  }
  console.log(`Logs of that stack: ${kept}`);
}

function describe(settings, stack, facts) {
  const { secrets } = stack;
  const { databases: urls } = facts.urls;
  const record = readStackRecord(settings.files.stack);
  const status = {
    ...statusReport({ settings, record, phase: 'running', runnerState: facts.runnerState }),
    api_internal_url: settings.urls.apiInternal,
    worker_url: settings.urls.worker,
    broker_url: settings.urls.broker,
    egress_url: settings.urls.egress,
    metrics_url: settings.urls.metrics,
    openrouter_url: settings.passedOn.SIGNALBOX_OPENROUTER_URL,
    stack_file: settings.files.stack,
    database_url: withDatabase(urls.admin, 'signalbox'),
    owner_database_url: urls.owner,
    app_database_url: urls.app,
    litellm_database_url: urls.litellm,
    redis_url: facts.urls.redis,
    internal_token: secrets.internalToken,
    broker_token: secrets.brokerToken,
    fingerprint_key: secrets.fingerprintKey,
    litellm_master_key: secrets.litellmMasterKey,
    context_signing_keys: secrets.contextSigningKeys,
    encryption_keys: secrets.encryptionKeys,
    provider_keys: settings.providerKeys,
    infisical: infisicalOf(settings.passedOn),
  };
  const path = join(settings.dataDir, 'test-status.json');
  writeFileAtomically(path, `${JSON.stringify(status, null, 2)}\n`);
  return { SIGNALBOX_E2E_STATUS_FILE: path };
}

/** null: this stack keeps provider keys in PostgreSQL. */
function infisicalOf({ INFISICAL_URL: url, ...more }) {
  if (!url) return null;
  return {
    url,
    client_id: more.INFISICAL_CLIENT_ID,
    client_secret: more.INFISICAL_CLIENT_SECRET,
    project_id: more.INFISICAL_PROJECT_ID,
  };
}
