import { hashVirtualKeyValue } from '@signalbox/gateway';
import type { E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';

/** Values of virtual keys that a test was shown: the edge can be asked about them. */
export type KnownValues = readonly string[];

interface SecretRow {
  key_hash: string;
  key_id: string;
  workspace_id: string;
  organization_id: string;
  models: string[];
  version: number;
  blocked: boolean;
  is_revoked: boolean;
  is_deleted: boolean;
  /** The value's own end or the key's, whichever comes first. */
  is_over: boolean;
  is_rotated_away: boolean;
  mirror_state: string;
  has_sealed_value: boolean;
}

interface KeyDocument {
  v: number;
  key_id: string;
  workspace_id: string;
  organization_id: string;
  models: string[];
  status: string;
  expires_at: string | null;
}

interface LitellmKeyRow {
  token: string;
  team_id: string | null;
  models: string[];
  blocked: boolean | null;
}

/**
 * Does PostgreSQL say the same as Redis, LiteLLM and the edge, about every key and the release? Written from the contract and not
 * with the code that it judges. @returns what does not fit, in words; empty: everything does
 */
export async function findViolations(stack: E2eStack, known: KnownValues): Promise<string[]> {
  // What is still on its way is not asked about: the questions would only hold up the answers.
  const onItsWay = await outboxViolations(stack);
  if (onItsWay.length > 0) return onItsWay;
  const secrets = await readSecrets(stack);
  const found = await Promise.all([
    projectionViolations(stack, secrets),
    mirrorViolations(stack, secrets),
    edgeViolations(stack, secrets, known),
    litellmViolations(stack, secrets, known),
    releaseViolations(stack),
    auditViolations(stack),
  ]);
  return found.flat();
}

/** Waits until everything fits. @returns after how long */
export async function settle(stack: E2eStack, known: KnownValues, deadlineMs = 180_000): Promise<number> {
  const startedAtMs = performance.now();
  await waitUntil(
    async () => {
      const violations = await findViolations(stack, known);
      if (violations.length > 0) throw new Error(violations.slice(0, 10).join('; '));
      return true;
    },
    { deadlineMs, what: 'PostgreSQL, Redis, LiteLLM and the edge to agree', pollEveryMs: 250 },
  );
  return Math.round(performance.now() - startedAtMs);
}

function readSecrets(stack: E2eStack): Promise<SecretRow[]> {
  return stack.stores.query<SecretRow>(`
    SELECT s.key_hash, k.id AS key_id, k.workspace_id, k.organization_id, k.models, k.version, k.blocked,
      k.revoked_at IS NOT NULL AS is_revoked, k.deleted_at IS NOT NULL AS is_deleted,
      coalesce(least(s.valid_until, k.expires_at) <= now(), false) AS is_over,
      coalesce(s.valid_until <= now(), false) AS is_rotated_away,
      s.mirror_state, s.sealed_value IS NOT NULL AS has_sealed_value
    FROM virtual_key_secrets s JOIN virtual_keys k ON k.id = s.virtual_key_id`);
}

async function outboxViolations(stack: E2eStack): Promise<string[]> {
  const rows = await stack.stores.query<{ topic: string; subject_id: string; last_error: string | null }>(
    // Later than any retry: the end of a value that is still valid.
    `SELECT topic, subject_id, last_error FROM outbox_items WHERE next_attempt_at < now() + interval '15 minutes'`,
  );
  return rows.map(
    ({ topic, subject_id: id, last_error: error }) => `outbox: ${topic} ${id} (${error ?? 'due'})`,
  );
}

function statusOf(secret: SecretRow): string {
  if (secret.is_deleted) return 'deleted';
  if (secret.is_revoked) return 'revoked';
  return secret.blocked ? 'blocked' : 'active';
}

async function projectionViolations(stack: E2eStack, secrets: SecretRow[]): Promise<string[]> {
  const fields = await stack.stores.redis.hgetall(stack.stores.redisKey('projection'));
  const epoch = await stack.stores.redis.hget(stack.stores.redisKey('projection:meta'), 'epoch');
  const violations = epoch ? [] : ['projection: no epoch'];
  const hashes = new Set(secrets.map(({ key_hash: hash }) => hash));
  for (const field of Object.keys(fields).filter((name) => name.startsWith('key:'))) {
    if (!hashes.has(field.slice('key:'.length))) violations.push(`projection: ${field} is in no row`);
  }
  for (const secret of secrets) {
    const text = fields[`key:${secret.key_hash}`];
    const problem =
      text === undefined ? 'is missing' : documentProblem(secret, JSON.parse(text) as KeyDocument);
    if (problem) violations.push(`projection: key:${secret.key_hash} of ${secret.key_id} ${problem}`);
  }
  return violations;
}

function documentProblem(secret: SecretRow, document: KeyDocument): string | null {
  if (document.v !== secret.version) return `has version ${document.v}, not ${secret.version}`;
  if (document.status !== statusOf(secret)) return `is ${document.status}, not ${statusOf(secret)}`;
  if (document.key_id !== secret.key_id || document.workspace_id !== secret.workspace_id)
    return 'is of another key';
  if (JSON.stringify(document.models) !== JSON.stringify(secret.models)) return 'has other models';
  const isOver = document.expires_at !== null && Date.parse(document.expires_at) <= Date.now();
  return isOver === secret.is_over ? null : `is ${isOver ? 'over' : 'not over'}, unlike its row`;
}

function isDead(secret: SecretRow): boolean {
  return secret.is_deleted || secret.is_revoked || secret.is_rotated_away;
}

/** LiteLLM must know exactly the values that are good for something; an expired key may be given a new duration. */
async function mirrorViolations(stack: E2eStack, secrets: SecretRow[]): Promise<string[]> {
  const rows = await stack.stores.litellmQuery<LitellmKeyRow>(
    `SELECT token, team_id, models, blocked FROM "LiteLLM_VerificationToken" WHERE metadata ? 'signalbox'`,
  );
  const mirrored = new Map(rows.map((row) => [row.token, row]));
  const violations: string[] = [];
  for (const secret of secrets) {
    const problem = mirrorProblem(secret, mirrored.get(secret.key_hash));
    if (problem) violations.push(`mirror: ${secret.key_hash} of ${secret.key_id} ${problem}`);
    mirrored.delete(secret.key_hash);
  }
  for (const token of mirrored.keys()) violations.push(`mirror: LiteLLM has ${token}, which is in no row`);
  return violations;
}

function mirrorProblem(secret: SecretRow, row: LitellmKeyRow | undefined): string | null {
  if (isDead(secret)) return row ? 'is dead, but LiteLLM still has it' : null;
  if (!row) return 'is missing in LiteLLM';
  if (row.team_id !== secret.workspace_id) return `is of team ${row.team_id}`;
  if (Boolean(row.blocked) !== secret.blocked) return `is ${row.blocked ? 'blocked' : 'not blocked'}`;
  if (secret.mirror_state !== 'synced') return `is said to be ${secret.mirror_state}`;
  return secret.has_sealed_value ? 'is mirrored, but its sealed value is still there' : null;
}

async function edgeViolations(stack: E2eStack, secrets: SecretRow[], known: KnownValues): Promise<string[]> {
  const byHash = new Map(secrets.map((secret) => [secret.key_hash, secret]));
  const problems = await Promise.all(
    known.map(async (value) => {
      const hash = hashVirtualKeyValue(value);
      const secret = byHash.get(hash);
      const expected = secret ? expectedAtEdge(secret) : 401;
      const response = await fetch(`${stack.facts.edge_url}/v1/models`, {
        headers: { authorization: `Bearer ${value}` },
        signal: AbortSignal.timeout(10_000),
      });
      await response.arrayBuffer();
      return response.status === expected ? null : `edge: ${hash} gets ${response.status}, not ${expected}`;
    }),
  );
  return problems.filter((problem) => problem !== null);
}

function expectedAtEdge(secret: SecretRow): number {
  if (secret.is_deleted || secret.is_revoked || secret.is_over) return 401;
  return secret.blocked ? 403 : 200;
}

/** LiteLLM's database was compared as a whole; this is what LiteLLM itself answers about the values at hand. */
async function litellmViolations(
  stack: E2eStack,
  secrets: SecretRow[],
  known: KnownValues,
): Promise<string[]> {
  const byHash = new Map(secrets.map((secret) => [secret.key_hash, secret]));
  const problems = await Promise.all(
    known.map(async (value) => {
      const hash = hashVirtualKeyValue(value);
      const secret = byHash.get(hash);
      const isExpected = secret !== undefined && !isDead(secret);
      const isThere = (await stack.litellm.keyInfo(hash)) !== null;
      return isThere === isExpected ? null : `LiteLLM: ${hash} is ${isThere ? 'there' : 'not there'}`;
    }),
  );
  return problems.filter((problem) => problem !== null);
}

interface ReleaseRow {
  id: string;
  status: string;
  deployment_ids: string[];
}

async function releaseViolations(stack: E2eStack): Promise<string[]> {
  const rows = await stack.stores.query<ReleaseRow>(
    `SELECT id, status, deployment_ids FROM config_releases WHERE status IN ('active', 'applying')`,
  );
  const applying = rows.filter(({ status }) => status === 'applying');
  const [release, ...more] = rows.filter(({ status }) => status === 'active');
  if (applying.length > 0) return [`release: ${applying[0]?.id} is still being applied`];
  if (!release || more.length > 0) return ['release: not exactly one is active'];
  const { active, candidate } = await stack.processes.runnerState();
  if (candidate) return [`release: the runner still tries ${candidate.release_id}`];
  if (active?.release_id !== release.id)
    return [`release: the runner runs ${active?.release_id}, not ${release.id}`];
  const violations = active.database_mode ? [] : ['release: LiteLLM runs without its database'];
  const shown = await stack.litellm.deploymentIds();
  const expected = [...release.deployment_ids].sort();
  if (shown.join() !== expected.join()) violations.push(`release: LiteLLM shows ${shown.join()}`);
  const catalogue = await stack.stores.redis.hget(stack.stores.redisKey('projection'), 'catalogue:current');
  const projected = catalogue ? (JSON.parse(catalogue) as { release_id: string | null }).release_id : null;
  if (projected !== release.id) violations.push(`release: the catalogue is that of ${projected}`);
  return violations;
}

/** One creation for each key that a token made (a benchmark's seeds have none). `cli verify-audit` checks the chains. */
async function auditViolations(stack: E2eStack): Promise<string[]> {
  const rows = await stack.stores.query<{ id: string; count: number }>(`
    SELECT k.id, count(e.id)::int AS count FROM virtual_keys k
    LEFT JOIN audit_events e ON e.target_id = k.id AND e.action = 'virtual_key.created'
    WHERE k.created_by LIKE 'tok\\_%'
    GROUP BY k.id HAVING count(e.id) <> 1`);
  return rows.map(({ id, count }) => `audit: ${id} was created ${count} times`);
}
