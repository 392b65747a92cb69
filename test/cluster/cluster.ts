import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { Ours } from '../lab/ours.js';
import { quote, Shell, type Result } from '../lab/reference.js';
import { Agent } from './agent.js';
import type { Actions, Connecting, Listening, Operation, Reply } from './protocol.js';
import { buildScript, director, inHost, type Topology } from './topology.js';

/**
 * A cluster in the kernel of the lab: hosts with agents, and the director, which is the suite itself. Hosts and agents are
 * made once in a suite.
 */
export class Cluster {
  readonly shell: Shell;
  readonly #agents = new Map<string, Agent>();
  readonly #ours = new Ours();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(shell: Shell) {
    this.shell = shell;
  }

  /** @param staffed the hosts that get an agent. */
  static async build(topology: Topology, staffed: readonly string[], path?: string): Promise<Cluster> {
    assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');
    const cluster = new Cluster(new Shell(path));
    await cluster.run(director, buildScript(topology));
    for (const host of staffed) cluster.#agents.set(host, new Agent(host));
    return cluster;
  }

  /** Asks the agent of a host. */
  ask<K extends Operation>(
    host: string,
    operation: K,
    argument: Actions[K]['argument'],
  ): Promise<Actions[K]['answer']> {
    const agent = this.#agents.get(host);
    if (agent === undefined) throw new Error(`${host} has no agent`);
    return agent.ask(operation, argument);
  }

  /** Lets hosts listen, each under its own name. */
  async serve(hosts: readonly string[], listening: Omit<Listening, 'name'>): Promise<void> {
    await Promise.all(hosts.map((name) => this.ask(name, 'serve', { name, ...listening })));
  }

  /** Requests from `client`, each over a new connection. @returns the names of who answered. */
  async fetch(where: Connecting, count = 1): Promise<string[]> {
    return (await this.fetchReplies(where, count)).map(({ server }) => server);
  }

  /** Requests from `client`, each over a new connection. */
  async fetchReplies(where: Connecting, count = 1): Promise<readonly Reply[]> {
    return this.#answered('fetch', { ...where, count });
  }

  /** Asks the client. @throws {Error} with what hosts know about it, if there was no answer at all, not even a refusal. */
  async #answered<K extends 'fetch' | 'hold' | 'send'>(
    operation: K,
    argument: Actions[K]['argument'],
  ): Promise<Actions[K]['answer']> {
    try {
      return await this.ask('client', operation, argument);
    } catch (error) {
      if (error instanceof Error && /^(ETIMEDOUT|ABORT_ERR)$/.test(error.message))
        error.message += `\n${await this.#evidence()}`;
      throw error;
    }
  }

  /** What hosts know of connections and of packets that they lost. */
  async #evidence(): Promise<string> {
    const script = [
      'cat /proc/uptime',
      'ss -Htano state all exclude listening',
      "grep -E '^(Ip|Icmp|Tcp|Udp):' /proc/net/snmp",
      'ip -statistics neigh',
      'ip -statistics link',
    ].join('; ');
    const parts = [await this.ipvsadm('-Lcn'), await this.ipvsadm('-Ln --stats --exact')];
    for (const host of [director, ...this.#agents.keys()]) parts.push(`${host}:\n${await this.run(host, script)}`);
    return parts.join('\n');
  }

  /** Datagrams from `client`, all from one socket. @returns the names of who answered. */
  async send(where: Connecting, texts: readonly string[] = ['anybody there?']): Promise<string[]> {
    return (await this.#answered('send', { ...where, texts })).map(({ server }) => server);
  }

  /** Opens a connection from `client` that stays. */
  async hold(where: Connecting): Promise<Held> {
    const { handle, reply } = await this.#answered('hold', where);
    return {
      server: reply.server,
      again: async () => (await this.ask('client', 'again', { handle })).server,
      close: async () => {
        await this.ask('client', 'release', { handle, reset: false });
      },
      reset: async () => {
        await this.ask('client', 'release', { handle, reset: true });
      },
    };
  }

  /** Runs a shell script in a host. @throws {AssertionError} with what it printed, if it fails. */
  async run(host: string, script: string): Promise<string> {
    const result = await this.attempt(host, ['sh', '-ec', script]);
    assert.equal(result.status, 0, `in ${host}:\n${script}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  /** Runs a program in a host, whatever comes of it. */
  async attempt(host: string, argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<Result> {
    // The shell takes one script at a time.
    const run = this.#last.then(() => this.shell.run([{ argv, env }], () => inHost(host).map(quote).join(' ')));
    this.#last = run.catch(() => undefined);
    const [result] = await run;
    if (result === undefined) throw new Error('no result');
    return result;
  }

  /** Runs our program on the director, one line each. @returns what the last one printed. */
  async ipvsadm(...lines: readonly string[]): Promise<string> {
    let stdout = '';
    for (const line of lines) {
      const [result] = await this.#ours.run([{ argv: line.split(' ') }]);
      assert.deepEqual({ line, status: result?.status, stderr: result?.stderr }, { line, status: 0, stderr: '' });
      stdout = result?.stdout ?? '';
    }
    return stdout;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.close();
    this.shell.close();
  }
}

/** A connection that stays open. */
export interface Held {
  /** Who answered when it was opened. */
  readonly server: string;
  /** Asks again. @returns who answers now. */
  again(): Promise<string>;
  /** Closes it as usual. */
  close(): Promise<void>;
  /** Closes it by RST. */
  reset(): Promise<void>;
}
