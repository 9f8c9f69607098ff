import { ApiPropertyOptional } from '@nestjs/swagger';
import { durationPattern } from '@signalbox/common';
import { type RotationStatus, rotationStatuses } from '@signalbox/database';
import { IsBoolean, IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { MayBeLeftOut } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const durationHint = 'must be a whole number with a unit, such as 15m, 24h or 7d';
const gracePattern = `^0s$|${durationPattern.source}`;
const subjectPattern = /^(cred|key)_[0-9a-z]{1,40}$/;

export class StartKeyRotationBody {
  @ApiPropertyOptional({
    description:
      'The old value is retired when it has not been used for this long, at most 30d. Left out: what the credential says, else 24h.',
    pattern: gracePattern,
    example: '24h',
  })
  @MayBeLeftOut()
  @Matches(new RegExp(gracePattern), { message: `grace ${durationHint}, or 0s` })
  grace?: string;

  @ApiPropertyOptional({
    description:
      'Counted from now: the old value is retired then, even if it is still in use, and a new one that could not be put to use is given up. At most 90d; left out: 7d, or the grace time and a day.',
    pattern: durationPattern.source,
    example: '7d',
  })
  @MayBeLeftOut()
  @Matches(durationPattern, { message: `deadline ${durationHint}` })
  deadline?: string;
}

export class RotateCredentialBody extends StartKeyRotationBody {
  @ApiPropertyOptional({
    description: 'The new key. Left out with method provider_api.',
    maxLength: 4096,
    example: 'sk-proj-0123456789WXYZ',
  })
  @MayBeLeftOut()
  @IsString()
  api_key?: string;

  @ApiPropertyOptional({
    description:
      "Who makes the new key. Left out: given with an api_key, else what the credential's rotation settings say.",
    enum: ['given', 'provider_api'],
    example: 'given',
  })
  @MayBeLeftOut()
  @IsIn(['given', 'provider_api'])
  method?: 'given' | 'provider_api';

  @ApiPropertyOptional({
    description:
      'Revoke the old key at the provider at the end, where its API and the settings allow it. Left out: what the credential says, else not.',
    example: false,
  })
  @MayBeLeftOut()
  @IsBoolean()
  revoke_at_provider?: boolean;
}

export class ListRotationsQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'The id of a credential or a virtual key.',
    pattern: subjectPattern.source,
    example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @IsOptional()
  @Matches(subjectPattern, { message: 'subject_id must be the id of a credential or a virtual key' })
  subject_id?: string;

  @ApiPropertyOptional({ enum: rotationStatuses, example: 'running' })
  @IsOptional()
  @IsIn(rotationStatuses)
  status?: RotationStatus;
}
