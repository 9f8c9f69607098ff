import { applyDecorators } from '@nestjs/common';
import { type IdKind, idPattern } from '@signalbox/common';
import { Transform } from 'class-transformer';
import {
  IsObject,
  IsString,
  Length,
  Matches,
  MaxLength,
  MinLength,
  ValidateBy,
  ValidateIf,
  type ValidationOptions,
} from 'class-validator';

const maxNameLength = 200;
const maxMetadataBytes = 10_000;
const oneLine = /^\P{Cc}*$/u;

const trimmed = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? value.trim() : value;

/** The field may be left out, but not be null, which IsOptional would let through to a column that cannot be null. */
export const MayBeLeftOut = (): PropertyDecorator => ValidateIf((_body, value) => value !== undefined);

/** The field may be left out or be null, which then means something. */
export const Nullable = (): PropertyDecorator =>
  ValidateIf((_body, value) => value !== undefined && value !== null);

/** A name for people: trimmed, one line, 1 to 200 characters. */
export const IsName = (): PropertyDecorator =>
  applyDecorators(
    Transform(trimmed),
    IsString(),
    MinLength(1),
    MaxLength(maxNameLength),
    Matches(oneLine, { message: '$property must not contain control characters or line breaks' }),
  );

/** Each item of a list: one line of 1 to 255 characters. */
export const IsNameList = (): PropertyDecorator =>
  applyDecorators(
    IsString({ each: true }),
    Length(1, 255, { each: true }),
    Matches(oneLine, { each: true, message: 'each value in $property must not contain control characters' }),
  );

/** Part of a name to look for, in any case. */
export const IsSearch = (): PropertyDecorator => applyDecorators(IsString(), MaxLength(maxNameLength));

/** "a virtual key", "an organization". */
function withArticle(kind: IdKind): string {
  const words = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}

/** The id of something of that kind; whether it exists is the domain's question. */
export const IsIdOf = (kind: IdKind, options: ValidationOptions = {}): PropertyDecorator =>
  Matches(idPattern(kind), { ...options, message: `$property must be the id of ${withArticle(kind)}` });

export const userIdPattern = /^[A-Za-z0-9._@+:-]{1,128}$/;

/** A member's name, which is the organization's own. */
export const IsUserId = (): PropertyDecorator =>
  Matches(userIdPattern, { message: '$property must have 1 to 128 letters, digits or . _ @ + : -' });

/** Free JSON of the caller's own: an object of at most 10 kB. */
export const IsMetadata = (): PropertyDecorator =>
  applyDecorators(
    IsObject(),
    ValidateBy({
      name: 'isSmallJson',
      validator: {
        validate: (value) => Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8') <= maxMetadataBytes,
        defaultMessage: () => `$property must have at most ${maxMetadataBytes} bytes as JSON`,
      },
    }),
  );

const timestampPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** RFC 3339, or a date alone (midnight UTC). */
export function isTimestamp(value: unknown): value is string {
  if (typeof value !== 'string' || !timestampPattern.test(value) || Number.isNaN(Date.parse(value)))
    return false;
  const day = value.slice(0, 'YYYY-MM-DD'.length);
  // Date takes the 30th of February for the 2nd of March.
  return new Date(day).toISOString().startsWith(day);
}

/** It stays text; `new Date` of it is valid. */
export const IsTimestamp = (): PropertyDecorator =>
  ValidateBy({
    name: 'isTimestamp',
    validator: {
      validate: isTimestamp,
      defaultMessage: () => '$property must be a time such as 2026-11-21T08:00:00Z',
    },
  });
