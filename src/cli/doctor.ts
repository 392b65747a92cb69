import { listenerProtocols, realServerForwardings } from '../doctor/facts.js';
import { canonicalAddress } from '../model/address-kind.js';
import { realPorts } from '../model/limits.js';
import { forwardingOf, isForwardingSpelling, tunnelTypes } from '../model/server.js';
import { reportFailures } from '../command/failure.js';
import type { DoctorOptions } from './examine-host.js';
import { defineVerb } from './verb.js';

/** UDP port that IANA has assigned to GUE. */
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
      choices: realServerForwardings,
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
    protocol: { choices: listenerProtocols, default: 'tcp', describe: 'protocol of the ports' },
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
  run: (io, options) =>
    reportFailures(io, 'doctor', async () => {
      const { examineHost } = await import('./examine-host.js');
      return examineHost(io, options);
    }),
});

/** Options that need --real-server. */
const realServerOptions = ['forwarding', 'director'] as const;

function checkTogether(values: Readonly<Record<string, unknown>>): true {
  if (values['real-server'] !== undefined) return true;
  const ports = values['port'];
  const needing =
    realServerOptions.find((name) => values[name] !== undefined) ??
    (Array.isArray(ports) && ports.length > 0 ? 'port' : undefined);
  if (needing !== undefined) throw new Error(`--${needing} is about a real server: --real-server ADDRESS is missing`);
  return true;
}

/** The method that a spelling stands for; other words are refused by the check of the choices. */
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
