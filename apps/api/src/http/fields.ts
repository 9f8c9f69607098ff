import { applyDecorators } from '@nestjs/common';
import { type IdKind, idPattern } from '@signalbox/common';
import { Transform } from 'class-transformer';
import {
  IsObject,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  registerDecorator,
  type ValidationOptions,
} from 'class-validator';

const maxNameLength = 200;
const maxMetadataBytes = 10_000;

const trimmed = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? value.trim() : value;

/** A name for people: trimmed, one line, 1 to 200 characters. */
export const IsName = (): PropertyDecorator =>
  applyDecorators(
    Transform(trimmed),
    IsString(),
    MinLength(1),
    MaxLength(maxNameLength),
    Matches(/^\P{Cc}*$/u, { message: '$property must not contain control characters or line breaks' }),
  );

/** Part of a name to look for, in any case. */
export const IsSearch = (): PropertyDecorator => applyDecorators(IsString(), MaxLength(maxNameLength));

/** The id of something of that kind; whether it exists is the domain's question. */
export const IsIdOf = (kind: IdKind, options: ValidationOptions = {}): PropertyDecorator =>
  Matches(idPattern(kind), { ...options, message: `$property must be the id of a ${kind}` });

/** @returns false for what is no JSON value */
function isSmallJson(value: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8') <= maxMetadataBytes;
}

/** Free JSON of the caller's own: an object of at most 10 kB. */
export const IsMetadata = (): PropertyDecorator =>
  applyDecorators(IsObject(), (target: object, propertyName: string | symbol) =>
    registerDecorator({
      name: 'isSmallJson',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: isSmallJson,
        defaultMessage: () => `$property must have at most ${maxMetadataBytes} bytes as JSON`,
      },
    }),
  );
