import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNumber, IsObject, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { IsIdOf, IsUserId, MayBeLeftOut } from '../http/fields';

export class ExplainRoutingBody {
  @ApiPropertyOptional({
    description: 'Whose request it would be: this virtual key. Either this or workspace_id.',
    example: 'key_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @MayBeLeftOut()
  @IsIdOf('virtualKey')
  key_id?: string;

  @ApiPropertyOptional({
    description: 'Any key of this workspace that allows all that the workspace allows.',
    example: 'ws_01m7ykrzhceqarzssba2nkwz3b',
  })
  @MayBeLeftOut()
  @IsIdOf('workspace')
  workspace_id?: string;

  @ApiPropertyOptional({
    description: 'With workspace_id: the member whose own provider keys count too.',
    maxLength: 128,
    example: 'ada@example.com',
  })
  @MayBeLeftOut()
  @IsUserId()
  user_id?: string;

  @ApiProperty({
    description: 'The body, as it would come to port 4000. It is read, sent nowhere, and not kept.',
    type: 'object',
    additionalProperties: true,
    example: { model: 'eco', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 200 },
  })
  @IsObject()
  request!: Record<string, unknown>;

  @ApiPropertyOptional({
    description: 'The path of port 4000.',
    default: '/v1/chat/completions',
    maxLength: 100,
    example: '/v1/chat/completions',
  })
  @MayBeLeftOut()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  path?: string;

  @ApiPropertyOptional({
    description: 'As the header x-session-id: requests of one conversation may stay where they are.',
    maxLength: 1_024,
    example: 'conversation-7',
  })
  @MayBeLeftOut()
  @IsString()
  @MinLength(1)
  @MaxLength(1_024)
  session_id?: string;

  @ApiPropertyOptional({
    description:
      'The number that decides on exploration, and on shares of deployments; the edge draws one for each request. Without it nobody is explored.',
    minimum: 0,
    maximum: 1,
    default: 0.5,
    example: 0.5,
  })
  @MayBeLeftOut()
  @IsNumber({}, { message: '$property must be a number' })
  @Min(0)
  @Max(1)
  draw?: number;
}
