import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { MemberCredentialService } from '@signalbox/domain/credentials';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { ListMemberKeysQuery, OfOrganizationQuery, SaveMemberKeyBody } from '../credentials/credential.dto';
import { toCredentialView, toMemberKey } from '../credentials/credential.mapper';
import { CredentialPage, CredentialView } from '../credentials/credential.view';
import { FirstCheck } from '../credentials/first-check';

/** Provider keys by the name of the member, for products that know their users and nothing of credentials. */
@ApiTags('Credentials')
@Controller('api/v1/llm/users/:user_id/byok')
export class LlmUserController {
  constructor(
    private readonly members: MemberCredentialService,
    private readonly firstCheck: FirstCheck,
  ) {}

  @Post()
  @ApiOperation({
    summary: "Save a member's provider key",
    description:
      "In place of the one that the member has for the provider. The member is one of the token's organization; a platform token names the organization. Scope: credentials:write.",
  })
  @ApiCreatedResponse({ type: CredentialView })
  @ApiErrors(
    'credential_exists',
    'credential_not_found',
    'credential_key_invalid',
    'base_url_forbidden',
    'provider_not_found',
    'organization_not_found',
    'rotation_in_progress',
    'secret_store_unavailable',
    'secret_store_refused',
  )
  async save(
    @CurrentCaller() caller: Caller,
    @Param('user_id') userId: string,
    @Body() body: SaveMemberKeyBody,
  ): Promise<CredentialView> {
    const member = { userId, organizationId: body.organization_id };
    const saved = await this.members.save(caller, member, toMemberKey(body));
    return toCredentialView(await this.firstCheck.of(saved));
  }

  @Get()
  @ApiOperation({
    summary: "List a member's provider keys",
    description: 'Newest first, masked. Scope: credentials:read.',
  })
  @ApiOkResponse({ type: CredentialPage })
  @ApiErrors('cursor_invalid', 'organization_not_found')
  async list(
    @CurrentCaller() caller: Caller,
    @Param('user_id') userId: string,
    @Query() query: ListMemberKeysQuery,
  ): Promise<CredentialPage> {
    const member = { userId, organizationId: query.organization_id };
    const page = await this.members.list(caller, member, query.limit, query.cursor);
    return { ...page, data: page.data.map(toCredentialView) };
  }

  @Delete(':provider')
  @HttpCode(204)
  @ApiOperation({
    summary: "Delete a member's keys for a provider",
    description: 'The provider by its id, name or kind. Scope: credentials:write.',
  })
  @ApiNoContentResponse()
  @ApiErrors('credential_not_found', 'organization_not_found')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('user_id') userId: string,
    @Param('provider') provider: string,
    @Query() query: OfOrganizationQuery,
  ): Promise<void> {
    await this.members.delete(caller, { userId, organizationId: query.organization_id }, provider);
  }
}
