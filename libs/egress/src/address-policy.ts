export interface AddressPolicy {
  /** Hosts, host:port or CIDR ranges that are allowed although they are private: SIGNALBOX_ALLOWED_HOSTS. */
  readonly allowedHosts: readonly string[];
}
