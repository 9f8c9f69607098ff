import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { KeyTestService } from '@signalbox/domain/credential-checks';
import { CurrentCaller } from '../http/access.decorators';
import { AnswerNotKept } from '../http/answer-not-kept.decorator';
import { ApiErrors } from '../http/api-errors.decorator';
import { KeyTestView, TestKeyBody } from './llm-test.dto';
import { toKeyTestView } from './llm-test.mapper';

@ApiTags('Credentials')
@Controller('api/v1/llm/test')
export class LlmTestController {
  constructor(private readonly tests: KeyTestService) {}

  @Post()
  @HttpCode(200)
  @AnswerNotKept()
  @ApiOperation({
    summary: 'Try out a provider, or a key for it',
    description:
      'Asks the provider, without spending tokens: with a key, saved or not; at a provider, saved or not. 20 a minute for each service token. Scope: credentials:write.',
  })
  @ApiOkResponse({ type: KeyTestView })
  @ApiErrors(
    'provider_not_found',
    'credential_not_found',
    'credential_key_invalid',
    'base_url_forbidden',
    'probe_rate_limited',
  )
  async test(@CurrentCaller() caller: Caller, @Body() body: TestKeyBody): Promise<KeyTestView> {
    const result = await this.tests.test(caller, {
      provider: body.provider,
      kind: body.kind,
      apiKey: body.api_key,
      credentialId: body.credential_id,
      baseUrl: body.base_url,
    });
    return toKeyTestView(result);
  }
}
