import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { MayBeLeftOut } from '../http/fields';

/** Callers are our own processes; still, everything is bounded. */
export class RunnerReleaseQuery {
  @MayBeLeftOut()
  @IsString()
  @MaxLength(64)
  have?: string;

  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(20_000)
  wait_ms = 0;
}

export class RunnerReportBody {
  @IsString()
  @MaxLength(64)
  release_id!: string;

  @IsIn(['starting', 'verifying', 'active', 'failed'])
  phase!: 'starting' | 'verifying' | 'active' | 'failed';

  @MayBeLeftOut()
  @IsString()
  @MaxLength(4_000)
  detail?: string;

  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(50_000)
  @IsString({ each: true })
  @MaxLength(128, { each: true })
  deployment_ids?: string[];

  @MayBeLeftOut()
  @IsString()
  @MaxLength(64)
  litellm_version?: string;

  @MayBeLeftOut()
  @IsString()
  @MaxLength(32)
  engine?: string;

  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(86_400_000)
  duration_ms?: number;
}
