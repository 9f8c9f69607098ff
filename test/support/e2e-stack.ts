import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AdminApi } from './e2e/admin-api';
import { ChatClient } from './e2e/chat-client';
import { LitellmDirect } from './e2e/litellm-direct';
import { StackProcesses } from './e2e/stack-processes';
import { StackStores } from './e2e/stack-stores';

/** What scripts/test.mjs (prove.mjs, bench.mjs) says of the stack that it started for this run. */
const statusFile = z.object({
  edge_url: z.url(),
  api_url: z.url(),
  runner_url: z.url(),
  admin_token_file: z.string(),
  virtual_key_file: z.string(),
  demo_model: z.string(),
  worker_url: z.url(),
  data_dir: z.string(),
  /** The supervisor's own record of its processes, always fresh. */
  stack_file: z.string(),
  versions: z.record(z.string(), z.string()),
  internal_token: z.string(),
  broker_url: z.url(),
  broker_token: z.string(),
  egress_url: z.url(),
  metrics_url: z.url(),
  /** Where the stack looks for OpenRouter, whether a stand-in is there or not. */
  openrouter_url: z.url(),
  fingerprint_key: z.string(),
  database_url: z.string(),
  app_database_url: z.string(),
  litellm_database_url: z.string(),
  redis_url: z.string(),
  redis_prefix: z.string().default('sb'),
  litellm_master_key: z.string(),
  context_signing_keys: z.string(),
  encryption_keys: z.string(),
  /** Made up for the run: secrets to hunt for. */
  provider_keys: z.record(z.string(), z.string()),
  /** null: provider keys are sealed in PostgreSQL. Else where the stack looks for an Infisical, whether one is there or not. */
  infisical: z
    .object({ url: z.url(), client_id: z.string(), client_secret: z.string(), project_id: z.string() })
    .nullable(),
});

export type StackFacts = z.infer<typeof statusFile>;

/** One running Signalbox, and a way to each of its doors. */
export interface E2eStack {
  facts: StackFacts;
  /** As the platform's first service token. */
  api: AdminApi;
  chat: ChatClient;
  litellm: LitellmDirect;
  processes: StackProcesses;
  stores: StackStores;
  /** Ends what this object itself opened; the stack goes on. */
  close(): Promise<void>;
}

function readFacts(): StackFacts {
  const path = process.env['SIGNALBOX_E2E_STATUS_FILE'];
  if (!path) {
    throw new Error(
      'SIGNALBOX_E2E_STATUS_FILE is not set: run these tests by `npm test -- e2e`, which starts a stack',
    );
  }
  return statusFile.parse(JSON.parse(readFileSync(path, 'utf8')));
}

export function readSecretFile(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

export function openStack(): E2eStack {
  const facts = readFacts();
  const processes = new StackProcesses(facts);
  const stores = new StackStores(facts);
  const chat = new ChatClient(facts.edge_url);
  return {
    facts,
    api: new AdminApi(facts.api_url, readSecretFile(facts.admin_token_file)),
    chat,
    litellm: new LitellmDirect(facts, processes),
    processes,
    stores,
    close: async () => {
      await Promise.all([chat.close(), stores.close()]);
    },
  };
}
