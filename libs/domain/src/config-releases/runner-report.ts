/** What the runner tells about a release. */
export interface RunnerReport {
  releaseId: string;
  phase: 'starting' | 'verifying' | 'active' | 'failed';
  /** Already free of secrets; redacted once more before it is stored. */
  detail?: string | undefined;
  deploymentIds?: string[] | undefined;
  litellmVersion?: string | undefined;
  engine?: string | undefined;
  durationMs?: number | undefined;
}

/** What is kept of it. */
export function verificationOf(report: RunnerReport, at: Date): Record<string, unknown> {
  return {
    deployment_ids: report.deploymentIds ?? null,
    litellm_version: report.litellmVersion ?? null,
    engine: report.engine ?? null,
    duration_ms: report.durationMs ?? null,
    detail: report.detail ?? null,
    reported_at: at.toISOString(),
  };
}

export interface IdDifference {
  /** Released, but not shown by LiteLLM. */
  missing: string[];
  /** Shown by LiteLLM, but not released. */
  unexpected: string[];
}

/** @returns null when LiteLLM shows exactly what was released */
export function idDifference(expected: readonly string[], shown: Iterable<string>): IdDifference | null {
  const shownIds = new Set(shown);
  const expectedIds = new Set(expected);
  const missing = expected.filter((id) => !shownIds.has(id));
  const unexpected = [...shownIds].filter((id) => !expectedIds.has(id));
  return missing.length === 0 && unexpected.length === 0 ? null : { missing, unexpected };
}

/** Null when the ids are right, or when the report does not name them. */
export function idMismatch(expected: readonly string[], shown: readonly string[] | undefined): string | null {
  const difference = shown === undefined ? null : idDifference(expected, shown);
  if (difference === null) return null;
  const parts = Object.entries(difference as unknown as Record<string, string[]>)
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${what}: ${ids.slice(0, 20).join(', ')}`);
  return `LiteLLM does not show exactly the deployments of the release (${parts.join('; ')}).`;
}
