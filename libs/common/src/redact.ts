/**
 * What looks like a secret: virtual keys and provider keys (sk-...), service tokens, bearer values, signed contexts,
 * passwords inside URLs. The last line of defence only: code must not hand secrets to a log in the first place.
 */
const secretPatterns: [RegExp, string][] = [
  [/\bsk-[A-Za-z0-9_-]{8,}/g, 'sk-[redacted]'],
  // Google, Groq, Hugging Face, xAI, Perplexity, Fireworks, Replicate, Together, AWS, GitHub; JSON web tokens
  [/\b(AIza|AQ\.|tgp_v1_|gsk_|hf_|xai-|pplx-|fw_|r8_|AKIA|gh[pousr]_)[A-Za-z0-9_-]{12,}/g, '$1[redacted]'],
  [/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, 'eyJ[redacted]'],
  // Webhooks: base64, with its signs.
  [/\bwhsec_[A-Za-z0-9+/=_-]{8,}/g, 'whsec_[redacted]'],
  [/\bsbt_[A-Za-z0-9_-]{8,}/g, 'sbt_[redacted]'],
  [/\bsb1\.[A-Za-z0-9_.-]{20,}/g, 'sb1.[redacted]'],
  [/\b(Bearer\s+)[^\s"',]{8,}/gi, '$1[redacted]'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*):[^\s@/"]+@/gi, '$1:[redacted]@'],
];

/** The beginnings of all of them: one quick look, which most lines of a log do not need more than. */
const suspicion =
  /\b(?:sk-|AIza|AQ\.|tgp_v1_|gsk_|hf_|xai-|pplx-|fw_|r8_|AKIA|gh[pousr]_|eyJ|whsec_|sbt_|sb1\.|[Bb][Ee][Aa][Rr][Ee][Rr]\s)|:\/\//;

export function redact(text: string): string {
  if (!suspicion.test(text)) return text;
  return secretPatterns.reduce(
    (result, [pattern, replacement]) => result.replace(pattern, replacement),
    text,
  );
}
