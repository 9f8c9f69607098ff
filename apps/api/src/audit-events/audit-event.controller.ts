import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { AuditEventService, AuditVerificationService } from '@signalbox/domain/audit';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  AuditEventListView,
  AuditEventView,
  AuditVerificationView,
  ListAuditEventsQuery,
} from './audit-event.dto';
import { toAuditEventFilter, toAuditEventView, toAuditVerificationView } from './audit-event.mapper';

@ApiTags('Audit events')
@Controller('api/v1/audit-events')
export class AuditEventController {
  constructor(
    private readonly events: AuditEventService,
    private readonly verification: AuditVerificationService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List audit events', description: 'Newest first. Scope audit:read.' })
  @ApiOkResponse({ type: AuditEventListView })
  @ApiErrors('cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListAuditEventsQuery,
  ): Promise<AuditEventListView> {
    const page = await this.events.list(caller, toAuditEventFilter(query), query.limit, query.cursor);
    return { ...page, data: page.data.map(toAuditEventView) };
  }

  @Get('verify')
  @ApiOperation({
    summary: 'Check that no audit event was changed or removed',
    description:
      'Reads every event of every chain that the token sees, so it takes a while on a large installation. Scope audit:read.',
  })
  @ApiOkResponse({ type: AuditVerificationView })
  async verify(@CurrentCaller() caller: Caller): Promise<AuditVerificationView> {
    return toAuditVerificationView(await this.verification.verify(caller));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show an audit event', description: 'Scope audit:read.' })
  @ApiOkResponse({ type: AuditEventView })
  @ApiErrors('audit_event_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('auditEvent')) id: string,
  ): Promise<AuditEventView> {
    return toAuditEventView(await this.events.get(caller, id));
  }
}
