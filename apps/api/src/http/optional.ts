import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsBoolean, ValidateIf } from 'class-validator';

/** May be left out, but must not be null: for columns that always have a value. */
export const MayBeMissing = (): PropertyDecorator => ValidateIf((_object, value) => value !== undefined);

/** May be left out, and null is a value of its own: none. */
export const MayBeNull = (): PropertyDecorator =>
  ValidateIf((_object, value) => value !== undefined && value !== null);

const flags: Record<string, boolean> = { true: true, false: false };

/** `true` or `false` in a query string. */
export const IsQueryFlag = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (flags[value] ?? value) : value,
    ),
    IsBoolean({ message: '$property must be true or false' }),
  );
