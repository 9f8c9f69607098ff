import { ApiProperty, ApiPropertyOptional, OmitType, PartialType } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsIdOf, IsName, IsSearch } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';
import { VersionRead } from '../http/version.property';
import { LimitFieldsBody, LimitFieldsView } from '../limits/limit-fields.dto';

export class CreateServiceBody extends LimitFieldsBody {
  @ApiProperty({
    description: 'The organization that it belongs to.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsIdOf('organization')
  organization_id!: string;

  @ApiProperty({
    description: 'A name for people, unique in the organization.',
    minLength: 1,
    maxLength: 200,
    example: 'Checkout assistant',
  })
  @IsName()
  name!: string;
}

export class UpdateServiceBody extends PartialType(OmitType(CreateServiceBody, ['organization_id']), {
  skipNullProperties: false,
}) {
  @VersionRead()
  version?: number;
}

export class ListServicesQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Only those of this organization.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({
    description: 'Part of the name or id, in any case.',
    maxLength: 200,
    example: 'checkout',
  })
  @IsOptional()
  @IsSearch()
  search?: string;
}

export class ServiceView extends LimitFieldsView {
  @ApiProperty({ example: 'svc_01m7ykrzhceqarzssba2nkwz3b' })
  id!: string;

  @ApiProperty({ example: 'org_01m7ykrzh0earb9nt9fe65dsgn' })
  organization_id!: string;

  @ApiProperty({ example: 'Checkout assistant' })
  name!: string;

  @ApiProperty({ description: 'Grows by one with each change.', example: 1 })
  version!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  updated_at!: string;
}

export class ServiceListView {
  @ApiProperty({ type: [ServiceView] })
  data!: ServiceView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
