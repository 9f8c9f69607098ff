import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

/** Extend it with a list's filters. */
export class PageQuery {
  @ApiPropertyOptional({
    description: 'How many items to answer with.',
    type: 'integer',
    minimum: 1,
    maximum: 200,
    default: 50,
    example: 50,
  })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;

  @ApiPropertyOptional({
    description: "The previous page's next_cursor; without it, the first page.",
    maxLength: 500,
    example: 'YzE6a2V5XzAxa2FhMDAwMDAwMDAwMDAwMDAwMDAwMDAw',
  })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  cursor?: string;
}
