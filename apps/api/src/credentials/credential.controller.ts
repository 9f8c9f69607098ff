import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { CredentialService } from '@signalbox/domain/credentials';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { CredentialPage, CredentialView, ListCredentialsQuery } from './credential.dto';
import { toCredentialView } from './credential.mapper';

@ApiTags('Credentials')
@Controller('api/v1/credentials')
export class CredentialController {
  constructor(private readonly credentials: CredentialService) {}

  @Get()
  @ApiOperation({
    summary: 'List provider keys',
    description:
      'Where each key is and how to recognize it, never the key. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: CredentialPage })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListCredentialsQuery): Promise<CredentialPage> {
    const filter = { providerId: query.provider_id, enabled: query.enabled };
    const page = await this.credentials.list(caller, filter, query.limit, query.cursor);
    return { ...page, data: page.data.map(toCredentialView) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a provider key', description: 'Scope: models:read, platform tokens only.' })
  @ApiOkResponse({ type: CredentialView })
  @ApiErrors('credential_not_found', 'platform_only')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
  ): Promise<CredentialView> {
    return toCredentialView(await this.credentials.get(caller, id));
  }
}
