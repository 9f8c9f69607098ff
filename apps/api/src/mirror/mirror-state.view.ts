import { ApiProperty } from '@nestjs/swagger';
import type { MirrorState } from '@signalbox/database';

/** Of what is alive; what ended for good is `removed` and not shown. */
export const mirrorStates = ['pending', 'synced', 'failed'] as const satisfies MirrorState[];

export class MirrorStateView {
  @ApiProperty({
    enum: mirrorStates,
    description: "How far LiteLLM's own copy is. Serving never waits for it.",
    example: 'synced',
  })
  state!: MirrorState;

  @ApiProperty({ type: String, nullable: true, description: 'Why LiteLLM refused it.', example: null })
  error!: string | null;
}
