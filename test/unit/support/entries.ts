import { defaultTunnel } from '../../../src/model/server.js';
import type { ServerEntry, ServiceEntry, Statistics } from '../../../src/model/state.js';

/** Counters and rates of something that nobody has used. */
export const noTraffic: Statistics = {
  connections: 0n,
  incomingPackets: 0n,
  outgoingPackets: 0n,
  incomingBytes: 0n,
  outgoingBytes: 0n,
  connectionRate: 0n,
  incomingPacketRate: 0n,
  outgoingPacketRate: 0n,
  incomingByteRate: 0n,
  outgoingByteRate: 0n,
};

/** A plain service, for tests that look at one setting. */
export const plainService: ServiceEntry = {
  key: { family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 },
  scheduler: 'wlc',
  schedulerFlags: [],
  onePacket: false,
  persistenceTimeout: undefined,
  persistenceNetmask: '255.255.255.255',
  persistenceEngine: undefined,
  statistics: noTraffic,
};

/** A plain real server. */
export const plainServer: ServerEntry = {
  family: 'inet',
  address: '10.0.0.2',
  port: 8080,
  forwarding: 'masquerading',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: defaultTunnel,
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
  statistics: noTraffic,
};
