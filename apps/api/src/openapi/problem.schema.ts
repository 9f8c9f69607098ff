import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { errorCodes } from '@signalbox/common';

class FieldErrorView {
  @ApiProperty({ example: 'rpm_limit', description: 'The field, with dots for nested ones.' })
  field!: string;

  @ApiProperty({ example: 'must not be less than 1' })
  message!: string;
}

/** How every error looks: application/problem+json (RFC 9457). */
export class ProblemView {
  @ApiProperty({ example: 'urn:signalbox:error:validation_failed' })
  type!: string;

  @ApiProperty({ example: 'The request is not valid' })
  title!: string;

  @ApiProperty({ example: 400 })
  status!: number;

  @ApiProperty({ example: 'rpm_limit must not be less than 1.', description: 'What to do, for a person.' })
  detail!: string;

  @ApiProperty({
    enum: Object.keys(errorCodes),
    example: 'validation_failed',
    description: 'Stable: for programs.',
  })
  code!: string;

  @ApiProperty({
    example: 'req_01kaa4cze6ffmrb8k3wbzh2y4d',
    description: 'Also in the header x-request-id and in the log.',
  })
  request_id!: string;

  @ApiPropertyOptional({ type: [FieldErrorView] })
  errors?: FieldErrorView[];
}
