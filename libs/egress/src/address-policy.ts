/** All addresses of a name. Rejects when there are none. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

export interface AddressPolicy {
  /** Hosts, host:port or CIDR ranges that are allowed although they are private: SIGNALBOX_ALLOWED_HOSTS. */
  readonly allowedHosts: readonly string[];
  /** In place of the system's resolver, for tests. */
  readonly resolve?: ResolveHost;
}
