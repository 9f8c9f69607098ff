import { z } from 'zod';

/** What scripts/test.mjs (prove.mjs, bench.mjs) says of the stack that it started for this run. */
export const statusFile = z.object({
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
