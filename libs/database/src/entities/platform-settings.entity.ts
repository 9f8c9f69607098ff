import { Entity } from 'typeorm';
import { JsonObject, VersionedRow } from './columns';

/** The id of the only row. */
export const platformSettingsId = 'platform';

/** What holds for every organization that does not say otherwise. */
@Entity('platform_settings')
export class PlatformSettingsEntity extends VersionedRow {
  /** A part of a routing policy: libs/gateway routing-policy.ts. */
  @JsonObject()
  routing!: Record<string, unknown>;
}
