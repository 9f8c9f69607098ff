import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ProbeResult } from '@signalbox/domain/provider-drivers';
import { type ProviderKindName, providerKindNames } from '@signalbox/domain/providers';
import { IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { IsIdOf, MayBeLeftOut } from '../http/fields';

const outcomes = [
  'valid',
  'invalid',
  'out_of_credit',
  'forbidden',
  'rate_limited',
  'provider_down',
  'unreachable',
  'unknown',
] as const satisfies readonly ProbeResult['outcome'][];
const certainties = ['sure', 'probable', 'none'] as const satisfies readonly ProbeResult['certainty'][];

export class TestKeyBody {
  @ApiPropertyOptional({
    description: 'Id, name or kind of the provider.',
    example: 'openai',
    maxLength: 200,
  })
  @MayBeLeftOut()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  provider?: string;

  @ApiPropertyOptional({
    description: 'In place of provider: of one that is not saved. Nothing is saved by this.',
    enum: providerKindNames,
    example: 'vllm',
  })
  @MayBeLeftOut()
  @IsIn(providerKindNames)
  kind?: ProviderKindName;

  @ApiPropertyOptional({
    description:
      "The key. It is not kept. Either this or credential_id; platform tokens may leave out both: then the platform's own key is tried, or else whether the server is there.",
    example: 'your-provider-key',
    maxLength: 4_096,
  })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(4_096)
  api_key?: string;

  @ApiPropertyOptional({
    description: 'A saved key in place of api_key: what the check finds is written down.',
    example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @MayBeLeftOut()
  @IsIdOf('credential')
  credential_id?: string;

  @ApiPropertyOptional({
    description: 'Where the provider is reached, when not at its own address. Not with credential_id.',
    example: 'https://llm.example.com/v1',
    maxLength: 512,
  })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(512)
  base_url?: string;
}

export class KeyTestView {
  @ApiProperty({
    description: 'true: the provider accepts the key; without one, the server is there.',
    example: true,
  })
  ok!: boolean;

  @ApiProperty({
    description:
      'Only invalid says that the key is bad; rate_limited and those after it say nothing about it.',
    enum: outcomes,
    example: 'valid',
  })
  outcome!: string;

  @ApiProperty({
    description: 'none: nobody checks keys there, so any text is accepted, or nobody was asked.',
    enum: certainties,
    example: 'sure',
  })
  certainty!: string;

  @ApiProperty({
    description: 'For people, free of secrets.',
    example: 'The provider accepts the key.',
  })
  detail!: string;

  @ApiProperty({
    description: "The provider's own word.",
    type: String,
    nullable: true,
    example: null,
  })
  code!: string | null;

  @ApiProperty({
    description: 'null: there was no answer.',
    type: Number,
    nullable: true,
    example: 200,
  })
  http_status!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: null })
  retry_after_seconds!: number | null;

  @ApiProperty({
    description: 'When the key ends, where the provider tells.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  expires_at!: string | null;
}
