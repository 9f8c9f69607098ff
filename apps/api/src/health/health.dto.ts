import { ApiProperty } from '@nestjs/swagger';
import type { PartState, Readiness } from './readiness.probe';

export class LivelinessView {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  status!: 'ok';
}

class ReadinessChecksView {
  @ApiProperty({ enum: ['ok', 'down'], example: 'ok', description: 'PostgreSQL; without it nothing works.' })
  database!: PartState;

  @ApiProperty({
    enum: ['ok', 'down'],
    example: 'ok',
    description: 'Redis; without it changes go live later.',
  })
  redis!: PartState;
}

export class ReadinessView {
  @ApiProperty({ enum: ['ok', 'degraded', 'unavailable'], example: 'ok' })
  status!: Readiness['status'];

  @ApiProperty({ type: ReadinessChecksView })
  checks!: ReadinessChecksView;
}
