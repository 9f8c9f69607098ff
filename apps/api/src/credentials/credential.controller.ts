import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { CredentialCheckService } from '@signalbox/domain/credential-checks';
import { CredentialRevealService, CredentialService } from '@signalbox/domain/credentials';
import { CurrentCaller } from '../http/access.decorators';
import { AnswerNotKept } from '../http/answer-not-kept.decorator';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateCredentialBody,
  ListCredentialsQuery,
  RevealCredentialBody,
  UpdateCredentialBody,
} from './credential.dto';
import {
  toCheckedView,
  toCreate,
  toCredentialView,
  toFilter,
  toRevealedView,
  toUpdate,
} from './credential.mapper';
import {
  CheckedCredentialView,
  CredentialPage,
  CredentialView,
  RevealedCredentialView,
} from './credential.view';
import { FirstCheck } from './first-check';

const validateWaitMs = 20_000;

@ApiTags('Credentials')
@Controller('api/v1/credentials')
export class CredentialController {
  constructor(
    private readonly credentials: CredentialService,
    private readonly reveals: CredentialRevealService,
    private readonly checks: CredentialCheckService,
    private readonly firstCheck: FirstCheck,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Save a provider key',
    description:
      'Calls of its owner use it at once. The provider is asked about it first, for at most 5 seconds: see state. Scope: credentials:write.',
  })
  @ApiCreatedResponse({ type: CredentialView })
  @ApiErrors(
    'credential_exists',
    'credential_key_invalid',
    'base_url_forbidden',
    'provider_not_found',
    'organization_not_found',
    'workspace_not_found',
    'platform_only',
    'secret_store_unavailable',
    'secret_store_refused',
  )
  async create(@CurrentCaller() caller: Caller, @Body() body: CreateCredentialBody): Promise<CredentialView> {
    const saved = await this.credentials.create(caller, toCreate(body));
    return toCredentialView(await this.firstCheck.of(saved));
  }

  @Get()
  @ApiOperation({
    summary: 'List provider keys',
    description: 'Newest first, masked. Deleted ones are not listed. Scope: credentials:read.',
  })
  @ApiOkResponse({ type: CredentialPage })
  @ApiErrors('cursor_invalid')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListCredentialsQuery): Promise<CredentialPage> {
    const page = await this.credentials.list(caller, toFilter(query), query.limit, query.cursor);
    return { ...page, data: page.data.map(toCredentialView) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a provider key, masked', description: 'Scope: credentials:read.' })
  @ApiOkResponse({ type: CredentialView })
  @ApiErrors('credential_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
  ): Promise<CredentialView> {
    return toCredentialView(await this.credentials.get(caller, id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a provider key',
    description:
      'Only the given fields change. A new value is given by rotate. Another base_url, and enabling, have the key checked again. Scope: credentials:write.',
  })
  @ApiOkResponse({ type: CredentialView })
  @ApiErrors(
    'credential_not_found',
    'credential_exists',
    'credential_in_environment',
    'base_url_forbidden',
    'version_conflict',
  )
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
    @Body() body: UpdateCredentialBody,
  ): Promise<CredentialView> {
    return toCredentialView(await this.credentials.update(caller, id, toUpdate(body)));
  }

  @Post(':id/validate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Ask the provider about the key now',
    description: 'Spends no tokens. Waits for at most 20 seconds. Scope: credentials:write.',
  })
  @ApiOkResponse({ type: CheckedCredentialView })
  @ApiErrors(
    'credential_not_found',
    'credential_in_environment',
    'credential_not_readable',
    'probe_rate_limited',
  )
  async validate(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
  ): Promise<CheckedCredentialView> {
    await this.credentials.requireCheckable(caller, id);
    const { credential, result } = await this.checks.checkNow(id, validateWaitMs, caller.actorId);
    return toCheckedView(credential, result);
  }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Stop the use of a provider key',
    description:
      'Calls stop using it within two seconds. Doing it again changes nothing; PATCH with enabled: true undoes it. Scope: credentials:write.',
  })
  @ApiOkResponse({ type: CredentialView })
  @ApiErrors('credential_not_found')
  async disable(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
  ): Promise<CredentialView> {
    return toCredentialView(await this.credentials.disable(caller, id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a provider key',
    description:
      'Calls stop using it within two seconds, and its secret is erased. Scope: credentials:write.',
  })
  @ApiNoContentResponse()
  @ApiErrors('credential_not_found', 'credential_in_use', 'credential_in_environment')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
  ): Promise<void> {
    await this.credentials.delete(caller, id);
  }

  @Post(':id/reveal')
  @HttpCode(200)
  @AnswerNotKept()
  @ApiOperation({
    summary: 'Read the provider key itself',
    description:
      'For products that call the provider themselves. Each call is in the audit trail; 30 a minute per token. Needs a token that names the scope: * does not stand for it. Scope: credentials:reveal.',
  })
  @ApiOkResponse({ type: RevealedCredentialView })
  @ApiErrors(
    'credential_not_found',
    'credential_in_environment',
    'credential_not_readable',
    'reveal_rate_limited',
    'secret_store_unavailable',
    'secret_store_refused',
  )
  async reveal(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
    @Body() body: RevealCredentialBody,
  ): Promise<RevealedCredentialView> {
    return toRevealedView(await this.reveals.reveal(caller, id, body.reason ?? null));
  }
}
