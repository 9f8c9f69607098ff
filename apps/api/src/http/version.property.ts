import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { MayBeLeftOut } from './fields';

/** PostgreSQL's integer. */
const maxInteger = 2_147_483_647;

/** The field of a change that says which version of the row the caller has read. */
export const VersionRead = (): PropertyDecorator =>
  applyDecorators(
    Max(maxInteger),
    Min(1),
    IsInt(),
    MayBeLeftOut(),
    ApiPropertyOptional({
      description:
        'The version that you read. If it is another one by now, nothing changes (version_conflict).',
      type: 'integer',
      minimum: 1,
      maximum: maxInteger,
      example: 1,
    }),
  );
