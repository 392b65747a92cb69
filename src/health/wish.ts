// What operators wish for servers: it comes before what checks say, and outlives the daemon.

/** What an operator wishes for a server. */
export interface Wish {
  /** No new connections: weight 0, or not in the table at all. */
  readonly drain?: 'quiesced' | 'removed' | undefined;
  /** A weight in place of the document's. */
  readonly weight?: number | undefined;
  /** The document's weight when that was wished: another one there ends the wish. */
  readonly insteadOf?: number | undefined;
  readonly reason?: string | undefined;
  /** Who. */
  readonly by: string;
  /** When, such as `2026-01-02T03:04:05.000Z`. */
  readonly at: string;
}

/** Wishes by the names of servers, such as `tcp:192.0.2.10:80/10.0.1.2:8080`. */
export type Wishes = ReadonlyMap<string, Wish>;
