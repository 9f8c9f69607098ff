import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { CurrentCaller } from '../http/access.decorators';

export class WhoamiView {
  @ApiProperty({ enum: ['service_token'], example: 'service_token' })
  type!: string;

  @ApiProperty({ example: 'tok_01m7ykrzj3eyer28jqcnfeaaby' })
  id!: string;

  @ApiProperty({ enum: ['platform', 'organization'], example: 'platform' })
  bound_to!: 'platform' | 'organization';

  @ApiProperty({ type: String, nullable: true, example: null })
  organization_id!: string | null;

  @ApiProperty({ type: [String], example: ['*'] })
  scopes!: string[];
}

@ApiTags('Whoami')
@Controller('api/v1/whoami')
export class WhoamiController {
  @Get()
  @ApiOperation({
    summary: 'Show who the token belongs to and what it may do',
    description: 'No scope is needed.',
  })
  @ApiOkResponse({ type: WhoamiView })
  show(@CurrentCaller() caller: Caller): WhoamiView {
    return {
      type: caller.actorType,
      id: caller.actorId,
      bound_to: caller.organizationId === null ? 'platform' : 'organization',
      organization_id: caller.organizationId,
      scopes: [...caller.scopes],
    };
  }
}
