import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** How free JSON of the caller's own is documented. */
export const ApiMetadata = ({ required }: { required: boolean }): PropertyDecorator => {
  const declare = required ? ApiProperty : ApiPropertyOptional;
  return declare({
    type: 'object',
    additionalProperties: true,
    description: 'Anything of your own, up to 10 kB as JSON. Signalbox does not look at it.',
    example: { team: 'support' },
  });
};
