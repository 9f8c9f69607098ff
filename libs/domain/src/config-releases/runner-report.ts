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

/** Null when LiteLLM shows exactly what was released, or when the report does not say. */
export function idMismatch(expected: readonly string[], shown: readonly string[] | undefined): string | null {
  if (shown === undefined) return null;
  const missing = expected.filter((id) => !shown.includes(id));
  const unexpected = shown.filter((id) => !expected.includes(id));
  if (missing.length === 0 && unexpected.length === 0) return null;
  const parts = [
    ...(missing.length > 0 ? [`missing: ${missing.slice(0, 20).join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`unexpected: ${unexpected.slice(0, 20).join(', ')}`] : []),
  ];
  return `LiteLLM does not show exactly the deployments of the release (${parts.join('; ')}).`;
}
