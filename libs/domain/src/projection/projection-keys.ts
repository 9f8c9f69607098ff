/** The names that the edge reads too; see docs/architecture.md. */
export interface ProjectionKeys {
  documents: string;
  meta: string;
  changes: string;
  rebuildLock: string;
}

export function projectionKeys(prefix: string): ProjectionKeys {
  return {
    documents: `${prefix}:projection`,
    meta: `${prefix}:projection:meta`,
    changes: `${prefix}:projection:changes`,
    rebuildLock: `${prefix}:projection:rebuild-lock`,
  };
}
