/** Answers a request of another process on this machine; what it throws is the answer's `error`. */
export type Respond = (request: unknown) => Promise<unknown>;

/** A socket at which requests are answered. */
export interface ControlServer {
  /** Takes no more requests, and removes the socket. */
  close(): Promise<void>;
}

/** Sockets of this network namespace through which programs of ours speak: one request, one answer, as JSON. */
export interface ControlSockets {
  /** Names of the sockets that are there, whether anybody listens or not; sorted. */
  list(): readonly string[];
  /**
   * Answers requests at a socket that only this user can use. One that a dead process has left is replaced.
   * @throws {StateError} where it can't be made, or another process answers there.
   */
  serve(name: string, respond: Respond): Promise<ControlServer>;
  /**
   * Asks who listens at a socket.
   * @returns the answer; undefined where nobody listens.
   * @throws {StateError} where the answer is an error, is none, or takes too long.
   */
  ask(name: string, request: unknown, seconds?: number): Promise<unknown>;
}
