import type { TokenPrices } from '@signalbox/gateway';

/** A model as far as another one can take its place. */
export interface Replaceable {
  readonly id: string;
  readonly vendor: string;
  readonly mode: string;
  readonly contextLength: number | null;
  readonly inputModalities: readonly string[] | null;
  readonly outputModalities: readonly string[] | null;
  readonly tools: boolean | null;
  /** The model behind it, of a name such as `~acme/model-latest`. */
  readonly aliasOf: string | null;
  readonly prices: TokenPrices | null;
}

/** How far away something unknown counts: as eight times the price, or the context. */
const unknownDistance = 3;
const contextWeight = 0.5;

/**
 * Who is proposed in the place of a model that goes: of the same vendor and mode, able to do what it can, the nearest by price and
 * context (doubling the price weighs as much as quartering the context).
 * @param candidates those that stay
 */
export function proposeReplacement(gone: Replaceable, candidates: readonly Replaceable[]): string | null {
  let best: { id: string; distance: number } | null = null;
  for (const candidate of candidates) {
    if (!canReplace(gone, candidate)) continue;
    const distance = distanceOf(gone, candidate);
    const isBetter =
      !best || distance < best.distance || (distance === best.distance && candidate.id < best.id);
    if (isBetter) best = { id: candidate.id, distance };
  }
  return best?.id ?? null;
}

function canReplace(gone: Replaceable, candidate: Replaceable): boolean {
  if (candidate.id === gone.id || candidate.vendor !== gone.vendor || candidate.mode !== gone.mode)
    return false;
  if (candidate.aliasOf === gone.id) return false;
  // What costs nothing has limits of its own, and is no home for what was paid for; nor the other way round.
  if (isFreeVariant(candidate) !== isFreeVariant(gone)) return false;
  if (gone.tools === true && candidate.tools === false) return false;
  return (
    hasAll(candidate.inputModalities, gone.inputModalities) &&
    hasAll(candidate.outputModalities, gone.outputModalities)
  );
}

/** What is not known is not held against anybody. */
function hasAll(has: readonly string[] | null, needed: readonly string[] | null): boolean {
  return !has || !needed || needed.every((modality) => has.includes(modality));
}

function isFreeVariant({ id }: Replaceable): boolean {
  return id.endsWith(':free');
}

function distanceOf(gone: Replaceable, candidate: Replaceable): number {
  const price = doublings(priceOf(gone), priceOf(candidate));
  return price + contextWeight * doublings(gone.contextLength, candidate.contextLength);
}

/** A token of the prompt and one of the answer. */
function priceOf({ prices }: Replaceable): number | null {
  return prices?.input === undefined || prices.input === null ? null : prices.input + (prices.output ?? 0);
}

function doublings(left: number | null, right: number | null): number {
  if (left === right) return 0;
  if (left === null || right === null || left <= 0 || right <= 0) return unknownDistance;
  return Math.abs(Math.log2(left / right));
}
