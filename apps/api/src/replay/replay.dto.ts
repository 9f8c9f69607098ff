import { ApiPropertyOptional } from '@nestjs/swagger';
import { type PowerLevel, powerLevels } from '@signalbox/gateway';
import { IsIn, IsInt, IsObject, Max, Min } from 'class-validator';
import { IsIdOf, IsTimestamp, MayBeLeftOut } from '../http/fields';

const mostEvents = 50_000;
export const usualEvents = 20_000;

export class ReplayBody {
  @ApiPropertyOptional({
    description: 'Only requests of this workspace.',
    example: 'ws_01m7ykrzhceqarzssba2nkwz3b',
  })
  @MayBeLeftOut()
  @IsIdOf('workspace')
  workspace_id?: string;

  @ApiPropertyOptional({
    description: 'Only requests of this organization. Without both: of all that the token sees.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @MayBeLeftOut()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({
    description: 'Requests that began at this time or later. Without both times: yesterday (UTC).',
    example: '2026-11-20T00:00:00Z',
  })
  @MayBeLeftOut()
  @IsTimestamp()
  from?: string;

  @ApiPropertyOptional({
    description: 'Requests that began before this time. Without it, where `from` is given: now.',
    example: '2026-11-21T00:00:00Z',
  })
  @MayBeLeftOut()
  @IsTimestamp()
  to?: string;

  @ApiPropertyOptional({
    description:
      'Fields of a routing policy that are to be different from what is in force in each workspace: docs/routing.md.',
    type: 'object',
    additionalProperties: true,
    example: { power_level: 'balanced' },
  })
  @MayBeLeftOut()
  @IsObject()
  rules?: Record<string, unknown>;

  @ApiPropertyOptional({
    description:
      'As if every request for a power level, a group or auto had asked for this level. Requests for a model by its name stay what they are.',
    enum: powerLevels,
    example: 'balanced',
  })
  @MayBeLeftOut()
  @IsIn(powerLevels)
  as?: PowerLevel;

  @ApiPropertyOptional({
    description: 'After so many requests the answer is given as it is then, with complete: false.',
    type: 'integer',
    minimum: 1,
    maximum: mostEvents,
    default: usualEvents,
    example: usualEvents,
  })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(mostEvents)
  max_events?: number;
}
