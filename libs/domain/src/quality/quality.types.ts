/** Where a quality in force comes from: an admin's own figure, an accepted proposal of a model benchmark, or the table. */
export type QualitySource = 'admin' | 'benchmark' | 'table';

export interface QualityFound {
  /** From 0 to 1. */
  readonly score: number;
  readonly source: QualitySource;
}

/**
 * @param modelName the public name, for which an admin's word counts first
 * @param ids of the model in the catalogue, strongest first
 * @param upstreamModel the provider's name, which the table knows too. Of an admin's words it says nothing: `llama3` of one provider may be
 * the public name of quite another model.
 */
export type QualityOf = (
  modelName: string,
  ids: readonly string[],
  upstreamModel: string,
) => QualityFound | null;

/** What a model benchmark came to. It is in force only once a person accepts it. */
export interface QualityProposal {
  /** A public model's name, or the id of a catalogue entry. */
  readonly model: string;
  /** From 0 to 1. */
  readonly score: number;
  /** How the score was computed, for the person who decides. */
  readonly arithmetic: string;
  readonly runId: string;
}
