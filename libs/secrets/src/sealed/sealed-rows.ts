export interface SealedRow {
  /** `platform/<area>/<name>` or `<organization id>/<area>/<name>`; bound into the sealed value. */
  readonly name: string;
  readonly organizationId: string | null;
  readonly sealedValue: string;
  /** Of the key-encryption key. */
  readonly keyId: string;
}

export interface KeptRow {
  readonly sealedValue: string;
  /** Changes with each put, and stays when the same value is sealed with another key. */
  readonly version: string;
}

/** Where sealed values are kept: implemented by whoever has a database. */
export interface SealedRows {
  find(organizationId: string | null, name: string): Promise<KeptRow | null>;
  /** Inserts or replaces. */
  put(row: SealedRow): Promise<void>;
  delete(organizationId: string | null, name: string): Promise<void>;
  /** Of this organization, those whose names begin with the prefix. */
  list(
    organizationId: string | null,
    prefix: string,
  ): Promise<{ readonly name: string; readonly version: string }[]>;
}
