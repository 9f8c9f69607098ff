import { Controller, Headers, HttpCode, Inject, Post, type RawBodyRequest, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import type { ApiConfig } from '@signalbox/config';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { SecretHints } from '@signalbox/domain/credentials-import';
import { infisicalNoticeOf, verifyInfisicalSignature } from '@signalbox/secrets';
import type { Request } from 'express';
import { Public } from '../http/access.decorators';
import { API_CONFIG } from '../http/api-config.token';
import { ApiErrors } from '../http/api-errors.decorator';
import { routeNotFound } from '../http/listener';
import { InfisicalNoticeView } from './infisical-webhook.dto';

const windowMs = 300_000;
const signatureHeader = 'x-infisical-signature';

@ApiTags('Integrations')
@Public()
@Controller('api/v1/integrations/infisical')
export class InfisicalWebhookController {
  constructor(
    private readonly hints: SecretHints,
    @Inject(API_CONFIG) private readonly config: ApiConfig,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post('webhook')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Receive a notice of Infisical that secrets changed',
    description:
      'For a webhook in Infisical with the secret key INFISICAL_WEBHOOK_SECRET. Needs no service token: the signature is checked over the body as it came, and it may be 5 minutes old. What is known of the folder is read anew. Without INFISICAL_WEBHOOK_SECRET this route is not there.',
  })
  @ApiHeader({
    name: signatureHeader,
    description: '`t=<unix milliseconds>;<HMAC-SHA256 of the body in hex>`',
    required: true,
  })
  @ApiBody({
    schema: {
      type: 'object',
      additionalProperties: true,
      example: {
        event: 'secrets.modified',
        project: { workspaceId: '6f1c', environment: 'prod', secretPath: '/signalbox' },
        timestamp: 1_790_000_000_000,
      },
    },
  })
  @ApiAcceptedResponse({ type: InfisicalNoticeView })
  @ApiErrors('webhook_signature_invalid', 'route_not_found')
  async receive(
    @Req() request: RawBodyRequest<Request>,
    @Headers(signatureHeader) signature?: string,
  ): Promise<InfisicalNoticeView> {
    const secret = this.config.infisicalWebhookSecret;
    if (secret === null) throw routeNotFound(request);
    const body = request.rawBody ?? Buffer.alloc(0);
    const check = verifyInfisicalSignature(body, signature, secret, this.clock.nowMs(), windowMs);
    if (check !== 'valid') {
      this.logger.warn('a notice of infisical was refused', { reason: check });
      throw refused();
    }
    await this.hints.announce(infisicalNoticeOf(body)?.secretPath ?? undefined);
    return { status: 'accepted' };
  }
}

/** The same for every reason: the log says which. */
function refused(): AppError {
  return new AppError(
    'webhook_signature_invalid',
    `Set the secret key of the webhook in Infisical to the value of INFISICAL_WEBHOOK_SECRET, and hold both clocks within 5 minutes. The header ${signatureHeader} is t=<unix milliseconds>;<hex HMAC-SHA256 of the body>.`,
  );
}
