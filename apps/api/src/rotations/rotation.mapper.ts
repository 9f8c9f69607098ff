import type {
  RotationDetails,
  RotationFilter,
  RotationStep,
  RotationWithEvents,
  StartCredentialRotation,
  StartKeyRotation,
} from '@signalbox/domain/rotations';
import type { ListRotationsQuery, RotateCredentialBody, StartKeyRotationBody } from './rotation.dto';
import type { RotationView, RotationWithEventsView } from './rotation.view';

export function toStartKey({ grace, deadline }: StartKeyRotationBody): StartKeyRotation {
  return { ...(grace === undefined ? {} : { grace }), ...(deadline === undefined ? {} : { deadline }) };
}

export function toStartCredential(body: RotateCredentialBody): StartCredentialRotation {
  const { api_key: apiKey, method, revoke_at_provider: revokeAtProvider } = body;
  return {
    ...toStartKey(body),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(method === undefined ? {} : { method }),
    ...(revokeAtProvider === undefined ? {} : { revokeAtProvider }),
  };
}

export function toFilter({ subject_id: subjectId, status }: ListRotationsQuery): RotationFilter {
  return { ...(subjectId === undefined ? {} : { subjectId }), ...(status === undefined ? {} : { status }) };
}

export function toRotationView({
  rotation,
  percent,
  waitsUntil,
  oldLastUsedAt,
}: RotationDetails): RotationView {
  return {
    id: rotation.id,
    subject_type: rotation.subjectType,
    subject_id: rotation.subjectId,
    organization_id: rotation.organizationId,
    method: rotation.method,
    trigger: rotation.trigger,
    status: rotation.status,
    step: rotation.step as RotationStep,
    percent,
    waits_until: isoOf(waitsUntil),
    old_value_last_used_at: isoOf(oldLastUsedAt),
    grace_seconds: rotation.graceSeconds,
    deadline_at: isoOf(rotation.deadlineAt),
    error_code: rotation.errorCode,
    error_detail: rotation.errorDetail,
    created_by: rotation.createdBy,
    created_at: rotation.createdAt.toISOString(),
    updated_at: rotation.updatedAt.toISOString(),
    finished_at: isoOf(rotation.finishedAt),
  };
}

export function toRotationWithEventsView(details: RotationWithEvents): RotationWithEventsView {
  return {
    ...toRotationView(details),
    events: details.events.map(({ step, outcome, detail, occurredAt }) => ({
      step,
      outcome,
      detail,
      occurred_at: occurredAt.toISOString(),
    })),
  };
}

function isoOf(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
