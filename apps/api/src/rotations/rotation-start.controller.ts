import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { CredentialRotationService, VirtualKeyRotationService } from '@signalbox/domain/rotations';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { RotateCredentialBody, StartKeyRotationBody } from './rotation.dto';
import { toRotationView, toStartCredential, toStartKey } from './rotation.mapper';
import { RotationView, StartedKeyRotationView } from './rotation.view';

@ApiTags('Rotations')
@Controller('api/v1')
export class RotationStartController {
  constructor(
    private readonly credentials: CredentialRotationService,
    private readonly virtualKeys: VirtualKeyRotationService,
  ) {}

  @Post('credentials/:id/rotate')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Replace a provider key without a gap',
    description:
      'The new key is checked, put to use, and the old one retired when nothing uses it any more. Follow it with GET /api/v1/rotations/{id}. Scope credentials:write.',
  })
  @ApiAcceptedResponse({ type: RotationView })
  @ApiErrors(
    'credential_not_found',
    'credential_key_invalid',
    'rotation_in_progress',
    'rotation_not_possible',
    'secret_store_unavailable',
    'secret_store_refused',
  )
  async rotateCredential(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('credential')) id: string,
    @Body() body: RotateCredentialBody,
  ): Promise<RotationView> {
    return toRotationView(await this.credentials.start(caller, id, toStartCredential(body)));
  }

  @Post('keys/:id/rotations')
  @ApiOperation({
    summary: 'Replace the value of a virtual key without a gap',
    description:
      'Both values work; the old one is retired when it has not been used for the grace time, or at the deadline. The new value is in this answer and never again. Scope keys:write.',
  })
  @ApiCreatedResponse({ type: StartedKeyRotationView })
  @ApiErrors(
    'virtual_key_not_found',
    'virtual_key_revoked',
    'virtual_key_too_many_values',
    'rotation_in_progress',
    'rotation_not_possible',
  )
  async rotateKey(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('virtualKey')) id: string,
    @Body() body: StartKeyRotationBody,
  ): Promise<StartedKeyRotationView> {
    const started = await this.virtualKeys.start(caller, id, toStartKey(body));
    return { ...toRotationView(started), key: started.value };
  }
}
