import type { AuditEventEntity } from '@signalbox/database';
import type { AuditEventFilter, ChainVerification } from '@signalbox/domain/audit';
import type { AuditEventView, AuditVerificationView, ListAuditEventsQuery } from './audit-event.dto';

export function toAuditEventView(event: AuditEventEntity): AuditEventView {
  return {
    id: event.id,
    occurred_at: event.occurredAt.toISOString(),
    organization_id: event.organizationId,
    actor_type: event.actorType,
    actor_id: event.actorId,
    action: event.action,
    target_type: event.targetType,
    target_id: event.targetId,
    request_id: event.requestId,
    changes: event.changes,
    sequence: Number(event.sequence),
    previous_hash: event.previousHash,
    hash: event.hash,
  };
}

export function toAuditEventFilter(query: ListAuditEventsQuery): AuditEventFilter {
  return {
    organizationId: query.organization_id,
    action: query.action,
    targetType: query.target_type,
    targetId: query.target_id,
    actorId: query.actor_id,
    requestId: query.request_id,
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
  };
}

export function toAuditVerificationView(verifications: ChainVerification[]): AuditVerificationView {
  return {
    ok: verifications.every(({ broken }) => broken === null),
    chains: verifications.map(({ chain, eventCount, broken }) => ({
      chain,
      event_count: eventCount,
      broken: broken && {
        sequence: Number(broken.sequence),
        event_id: broken.eventId,
        reason: broken.reason,
      },
    })),
  };
}
