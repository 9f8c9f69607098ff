import { ApiProperty } from '@nestjs/swagger';

class EdgeReceiptView {
  @ApiProperty({ example: 'edge-4711-1a2b3c' })
  id!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: "By the edge's clock. null: the edge started or came back since, and read everything then.",
    example: '2026-11-21T08:00:00.012Z',
  })
  applied_at!: string | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Milliseconds since the change began.',
    example: 12,
  })
  delay_ms!: number | null;
}

export class KeyReceiptView {
  @ApiProperty({ type: 'integer', description: 'The version of the key that the edges know.', example: 2 })
  version!: number;

  @ApiProperty({
    description:
      'true: every edge that lives knows it. An edge that is cut off from Redis does not live in this sense; it refuses by itself when its offline bound is over.',
    example: true,
  })
  complete!: boolean;

  @ApiProperty({ description: 'The edges that know it, and since when.', type: [EdgeReceiptView] })
  edges!: EdgeReceiptView[];

  @ApiProperty({
    description:
      'The edges that have not said so yet. GET /api/v1/keys/{id}/receipt says later whether they have.',
    type: [String],
    example: [],
  })
  waiting_for!: string[];
}

const problemProperty = {
  description: 'Why there is no receipt.',
  type: String,
  nullable: true,
  example: null,
};

/** In the answers to changes that must be known at once. */
export class ReceiptFieldsView {
  @ApiProperty({
    description:
      'Which edges know of the change: waited for up to 250 ms. null: nothing had to be told at once, or receipt_problem says why.',
    type: KeyReceiptView,
    nullable: true,
  })
  receipt!: KeyReceiptView | null;

  @ApiProperty(problemProperty)
  receipt_problem!: string | null;
}

export class ShownKeyReceiptView extends KeyReceiptView {
  @ApiProperty({ ...problemProperty, description: 'Why nothing is known of the edges now.' })
  problem!: string | null;
}
