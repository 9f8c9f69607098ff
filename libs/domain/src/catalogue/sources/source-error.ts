/** A source did not answer, or not with what it promises. Nothing of its answer is in the message. */
export class CatalogueSourceError extends Error {
  constructor(
    message: string,
    /** What the source asked for; null: nothing. */
    readonly retryAfterMs: number | null = null,
    /** Asking again at once may help. */
    readonly isTransient = true,
  ) {
    super(message);
    this.name = 'CatalogueSourceError';
  }
}

/** Nobody answered at all: it is away, or there is no way to it from here. */
export class SourceNotReached extends CatalogueSourceError {}
