/**
 * A datagram socket to the kernel's generic netlink. Knows bytes only: no messages, no sequence numbers. Nothing waits:
 * the kernel works off a request within the call that sends it, and fills the next piece of a dump within the call that
 * reads the one before.
 */
export interface Transport {
  /**
   * Sends one datagram, which may hold several messages.
   * @throws {TransportError} when the socket is closed or the system refuses it.
   */
  send(datagram: Uint8Array): void;
  /**
   * The next datagram from the kernel; it may hold several messages. Its bytes are valid until the next call.
   * @returns undefined where none is there.
   * @throws {TransportError} when the socket is closed, or the kernel had to drop replies (ENOBUFS).
   */
  receive(): Uint8Array | undefined;
  /** Closes the socket. May be called twice. */
  close(): void;
}
