/** What catalogue ids of a provider's own models begin with: OpenRouter's name of the vendor, where it has one. */
export const vendorOfKind: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  cohere: 'cohere',
  mistral: 'mistralai',
  perplexity: 'perplexity',
  groq: 'groq',
  together: 'together',
  fireworks: 'fireworks',
  ollama: 'ollama',
  huggingface: 'huggingface',
};

/** claude-sonnet-4-5 of Anthropic is claude-sonnet-4.5 of OpenRouter: ids that are one by this name the same model. */
export function looseId(id: string): string {
  return id.toLowerCase().replaceAll('.', '-');
}
