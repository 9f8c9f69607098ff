/** What a call may pay with, for as long as it says. */
export interface Lease {
  readonly credentialId: string;
  readonly ownerKey: string;
  readonly fingerprint: string;
  /** null: the value is a variable of LiteLLM's own environment. */
  readonly secret: string | null;
  readonly environmentVariable: string | null;
  readonly baseUrl: string | null;
  /** false: a tenant's choice, to be reached through the egress relay only. */
  readonly baseUrlIsTrusted: boolean;
  /** For so long nobody needs to ask again. */
  readonly freshForMs: number;
  /** For so long it may be used while the broker is away. */
  readonly usableForMs: number;
}

/**
 * credential_not_found: there is none, or this key may not use it; which of both is not told.
 * credential_unusable: it exists and may be used by this key, but not as it is now.
 */
export type Refusal = 'credential_not_found' | 'credential_unusable';

export type LeaseAnswer = { readonly lease: Lease } | { readonly refusal: Refusal; readonly message: string };

export interface LeaseRequest {
  readonly credentialId: string;
  /** SHA-256 of the virtual key's value, hex. */
  readonly keyHash: string;
}
