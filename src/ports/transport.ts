/** A datagram socket to the kernel's generic netlink. Knows bytes only: no messages, no sequence numbers. */
export interface Transport {
  /**
   * Sends one datagram, which may hold several messages.
   * @throws {TransportError} when the socket is closed or the system refuses it.
   */
  send(datagram: Uint8Array): void;
  /**
   * The next datagram from the kernel; it may hold several messages. Its bytes are valid until the next call.
   * @throws {TransportError} (or rejects with it) when the kernel had to drop replies (ENOBUFS), or with what the system
   * said.
   */
  receive(): Uint8Array | Promise<Uint8Array>;
  /** Closes the socket; a waiting `receive` rejects. May be called twice. */
  close(): void;
}
