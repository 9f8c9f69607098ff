import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIdOf, MayBeLeftOut } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';

export class ListCredentialsQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @MayBeLeftOut()
  @IsIdOf('provider')
  provider_id?: string;

  @ApiPropertyOptional({ type: Boolean, example: true })
  @MayBeLeftOut()
  @QueryFlag()
  enabled?: boolean;
}

class CredentialProviderView {
  @ApiProperty({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'openai' })
  name!: string;

  @ApiProperty({ example: 'openai' })
  kind!: string;
}

export class CredentialView {
  @ApiProperty({ example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ type: CredentialProviderView })
  provider!: CredentialProviderView;

  @ApiProperty({ enum: ['platform'], example: 'platform' })
  owner_type!: string;

  @ApiProperty({
    description: 'Where the key is; it is never stored or shown itself.',
    example: 'env:OPENAI_API_KEY',
  })
  reference!: string;

  @ApiProperty({ description: "The first 16 digits of the key's SHA-256.", example: '9f86d081884c7d65' })
  fingerprint!: string;

  @ApiProperty({ example: '3fA9' })
  last4!: string;

  @ApiProperty({ description: 'false: the variable has vanished from the environment.', example: true })
  enabled!: boolean;

  @ApiProperty({ example: 1 })
  version!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  updated_at!: string;
}

export class CredentialPage {
  @ApiProperty({ type: [CredentialView] })
  data!: CredentialView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
