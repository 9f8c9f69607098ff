import { Injectable, type PipeTransform } from '@nestjs/common';
import { AppError, type ErrorCode, type IdKind, isId } from '@signalbox/common';

const notFoundCodes = {
  organization: 'organization_not_found',
  workspace: 'workspace_not_found',
  virtualKey: 'virtual_key_not_found',
  service: 'service_not_found',
  request: 'usage_event_not_found',
  provider: 'provider_not_found',
  model: 'model_not_found',
  deployment: 'deployment_not_found',
  credential: 'credential_not_found',
  configRelease: 'config_release_not_found',
  auditEvent: 'audit_event_not_found',
  serviceToken: 'service_token_not_found',
  rotation: 'rotation_not_found',
  webhook: 'webhook_not_found',
  maintenanceRun: 'maintenance_run_not_found',
  catalogueChange: 'catalogue_change_not_found',
  benchmarkRun: 'benchmark_run_not_found',
  benchmarkSchedule: 'benchmark_schedule_not_found',
  qualityScore: 'quality_proposal_not_found',
  routingVersion: 'routing_version_not_found',
} as const satisfies Partial<Record<IdKind, ErrorCode>>;

/** `@Param('id', new IdParam('workspace'))`: what cannot be an id of that kind is answered like an unknown one. */
@Injectable()
export class IdParam implements PipeTransform<unknown, string> {
  constructor(private readonly kind: keyof typeof notFoundCodes) {}

  transform(value: unknown): string {
    if (isId(this.kind, value)) return value;
    throw new AppError(
      notFoundCodes[this.kind],
      'Check the id in the path; the list route shows the known ones.',
    );
  }
}
