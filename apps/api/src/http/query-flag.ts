import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';

const flags: Record<string, boolean> = { true: true, false: false };

/** A query parameter that is `true` or `false`. */
export const QueryFlag = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (flags[value] ?? value) : value,
    ),
    IsBoolean({ message: '$property must be true or false' }),
  );
