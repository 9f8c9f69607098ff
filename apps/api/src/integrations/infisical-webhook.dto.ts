import { ApiProperty } from '@nestjs/swagger';

export class InfisicalNoticeView {
  @ApiProperty({ enum: ['accepted'], example: 'accepted' })
  status!: 'accepted';
}
