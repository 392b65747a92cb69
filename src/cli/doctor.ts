import { exitStatus } from '../doctor/report.js';
import { IpvsError } from '../errors.js';
import { canonicalAddress } from '../model/address-kind.js';
import { realPorts } from '../model/limits.js';
import { forwardingOf, isForwardingSpelling, tunnelTypes } from '../model/server.js';
import { describeFailure } from '../command/failure.js';
import { defineVerb } from './verb.js';

const methods = ['direct-routing', 'tunneling', 'masquerading'] as const;
const protocols = ['tcp', 'udp'] as const;

/** What `doctor` is asked. */
export interface DoctorOptions {
  json: boolean;
  all: boolean;
  realServer: string | undefined;
  forwarding: (typeof methods)[number] | undefined;
  port: number[];
  protocol: (typeof protocols)[number];
  tunType: (typeof tunnelTypes)[number];
  tunPort: number;
  director: string | undefined;
}

/** UDP port that IANA has given to GUE. */
const guePort = 6080;

/** `ipvsadm doctor`: finds out why a cluster does not work. */
export const doctor = defineVerb<DoctorOptions>({
  name: 'doctor',
  options: {
    json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
    all: { type: 'boolean', default: false, describe: 'show what is well, too, and every finding' },
    'real-server': {
      type: 'string',
      requiresArg: true,
      describe: 'look at this host as a real server for that virtual address',
      coerce: readAddress('--real-server'),
    },
    forwarding: {
      choices: methods,
      requiresArg: true,
      coerce: readForwarding,
      describe: 'how the director reaches it; guessed from what is set up',
    },
    port: {
      type: 'string',
      array: true,
      default: [],
      describe: 'ports that something has to listen on',
      coerce: (words: readonly string[]) => words.map(readPort('--port')),
    },
    protocol: { choices: protocols, default: 'tcp', describe: 'protocol of the ports' },
    'tun-type': { choices: tunnelTypes, default: 'ipip', describe: 'kind of the tunnel' },
    'tun-port': {
      type: 'string',
      default: String(guePort),
      requiresArg: true,
      describe: 'UDP port of a gue tunnel',
      coerce: readPort('--tun-port'),
    },
    director: {
      type: 'string',
      requiresArg: true,
      describe: "the director's address on the network of the real server",
      coerce: readAddress('--director'),
    },
  },
  check: checkTogether,
  examples: [
    ['$0 doctor', 'on a director'],
    ['$0 doctor --real-server 192.0.2.10 --port 80', 'on a real server of that virtual address'],
  ],
  run: async (io, options) => {
    try {
      const { examineHost } = await import('./examine-host.js');
      return await examineHost(io, options);
    } catch (error) {
      if (!(error instanceof IpvsError)) throw error;
      await io.stderr.write(`${describeFailure(error, io.programName, false).text}\n`);
      return exitStatus.error;
    }
  },
});

/** Options that say more about a real server. */
const realServerOptions = ['forwarding', 'director'] as const;

function checkTogether(values: Readonly<Record<string, unknown>>): true {
  if (values['real-server'] !== undefined) return true;
  const ports = values['port'];
  const lost =
    realServerOptions.find((name) => values[name] !== undefined) ??
    (Array.isArray(ports) && ports.length > 0 ? 'port' : undefined);
  if (lost !== undefined)
    throw new Error(`--${lost} says something about a real server: --real-server ADDRESS is missing`);
  return true;
}

/** The method that a spelling stands for; what is none is left to the check of the choices. */
function readForwarding(word: string | undefined): string | undefined {
  return word !== undefined && isForwardingSpelling(word) ? forwardingOf(word) : word;
}

function readAddress(option: string) {
  return (text: string | undefined): string | undefined => {
    if (text === undefined) return undefined;
    const bare = text.replace(/^\[(.*)\]$/, '$1');
    const address = canonicalAddress(bare);
    if (address === undefined) throw new Error(`${option} takes an IPv4 or IPv6 address, not ${text}`);
    return address;
  };
}

function readPort(option: string) {
  return (text: string): number => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    const { lowest, highest } = realPorts;
    if (port < lowest || port > highest) {
      throw new Error(`${option} takes a number from ${lowest} to ${highest}, not ${text}`);
    }
    return port;
  };
}
