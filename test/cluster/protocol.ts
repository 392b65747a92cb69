/** What a real server listens on, and what it calls itself in its answers. */
export interface Listening {
  readonly name: string;
  /** TCP ports for HTTP, on all addresses of both families. */
  readonly http: readonly number[];
  /** UDP sockets. Each has its address, because it answers from there: the VIP for direct routing and tunnels. */
  readonly udp: readonly { readonly address: string; readonly port: number }[];
}

/** Where a client connects to, and from where. */
export interface Connecting {
  readonly address: string;
  readonly port: number;
  /** The client's own address; the system's choice when absent. */
  readonly from?: string | undefined;
  /** The client's own port; any when absent. */
  readonly fromPort?: number | undefined;
}

/** Who answered, and what that server knew of the client. */
export interface Reply {
  readonly server: string;
  /** The client's address and port as the server saw them, written as in listings of connections. */
  readonly client: string;
  /** The address and port of its own that the server was asked at, written likewise. */
  readonly asked: string;
}

/** How a real server is. */
export interface Behaviour {
  /** Whether its ports for HTTP are open; whoever asks at closed ones is refused. */
  readonly listens: boolean;
  /** Whether it takes connections and says nothing any more, to anybody. */
  readonly hangs: boolean;
  /** The status with which it answers checks of its health, at `healthPath`. */
  readonly health: number;
  /** The weight that it wishes for there, in the header `X-Weight`; absent: none. */
  readonly weight?: number | undefined;
}

/** Where real servers say how they are. */
export const healthPath = '/health';

/** A constant load. */
export interface Load {
  readonly perSecond: number;
  /** Milliseconds without an answer after which a request has failed. */
  readonly patience: number;
}

/** A request of a load. */
export interface LoadedRequest {
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** Who answered; undefined where nobody did. */
  readonly server?: string | undefined;
  /** Why nobody did, such as ECONNREFUSED. */
  readonly failure?: string | undefined;
}

/** What the agent of a host can be asked to do. */
export interface Actions {
  /** Listens until the host ends. */
  serve: { argument: Listening; answer: null };
  /** Changes how it behaves that listens already. */
  behave: { argument: Behaviour; answer: null };
  /** How often it was asked for its health so far. */
  asked: { argument: null; answer: { readonly times: number } };
  /** One HTTP request after the other, each over a connection of its own. */
  fetch: { argument: Connecting & { readonly count: number }; answer: readonly Reply[] };
  /** HTTP requests at a constant rate, each over a connection of its own, whether those before are answered or not. */
  load: { argument: Connecting & Load; answer: { readonly handle: number } };
  /** Ends them, waits for those that are under way, and tells what came of all. */
  unload: { argument: { readonly handle: number }; answer: readonly LoadedRequest[] };
  /** Opens a connection, asks once over it and keeps it open. */
  hold: { argument: Connecting; answer: { readonly handle: number; readonly reply: Reply } };
  /** Asks again over a connection that is held. */
  again: { argument: { readonly handle: number }; answer: Reply };
  /** Closes a connection that is held; with `reset` by RST, which IPVS forgets within ten seconds. */
  release: { argument: { readonly handle: number; readonly reset: boolean }; answer: null };
  /**
   * Sends datagrams one after the other from one socket, and waits for the answer to each: as long as for a request, or so many
   * milliseconds.
   */
  send: {
    argument: Connecting & { readonly texts: readonly string[]; readonly patience?: number };
    answer: readonly Reply[];
  };
  /** Runs our program in the host's namespace. */
  ipvsadm: {
    argument: { readonly argv: readonly string[] };
    answer: { readonly stdout: string; readonly stderr: string; readonly status: number };
  };
}

export type Operation = keyof Actions;

/** A question to an agent. */
export type Call<K extends Operation = Operation> = {
  readonly [P in K]: { readonly serial: number; readonly operation: P; readonly argument: Actions[P]['argument'] };
}[K];

/** Its answer: what was asked for, or the reason why not, an error code such as ECONNREFUSED where there is one. */
export type Answer = { readonly serial: number } & (
  { readonly answer: Actions[Operation]['answer'] } | { readonly failure: string }
);
