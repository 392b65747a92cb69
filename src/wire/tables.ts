import { AttributeSet, type AttributeTable, type AttributeValues } from './attributes.js';
import { longestName } from '../model/limits.js';
import { be16, bytes, flagsAndMask, text, u16, u32, u64, u8 } from './codec.js';

/** Source of everything in this file, where no other is named: include/uapi/linux/ip_vs.h. */
export const ipvsFamilyName = 'IPVS';

/** IPVS_GENL_VERSION. */
export const ipvsFamilyVersion = 1;

/** enum IPVS_CMD_*. */
export const ipvsCommand = {
  newService: 1,
  setService: 2,
  delService: 3,
  getService: 4,
  newDest: 5,
  setDest: 6,
  delDest: 7,
  getDest: 8,
  newDaemon: 9,
  delDaemon: 10,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  setInfo: 14,
  getInfo: 15,
  zero: 16,
  flush: 17,
} as const;

/** IPVS_STATS_ATTR_* with 64-bit counters, as in IPVS_SVC_ATTR_STATS64 and IPVS_DEST_ATTR_STATS64 (Linux 4.1). */
const statistics64Table = {
  connections: [1, 'IPVS_STATS_ATTR_CONNS', u64],
  incomingPackets: [2, 'IPVS_STATS_ATTR_INPKTS', u64],
  outgoingPackets: [3, 'IPVS_STATS_ATTR_OUTPKTS', u64],
  incomingBytes: [4, 'IPVS_STATS_ATTR_INBYTES', u64],
  outgoingBytes: [5, 'IPVS_STATS_ATTR_OUTBYTES', u64],
  connectionRate: [6, 'IPVS_STATS_ATTR_CPS', u64],
  incomingPacketRate: [7, 'IPVS_STATS_ATTR_INPPS', u64],
  outgoingPacketRate: [8, 'IPVS_STATS_ATTR_OUTPPS', u64],
  incomingByteRate: [9, 'IPVS_STATS_ATTR_INBPS', u64],
  outgoingByteRate: [10, 'IPVS_STATS_ATTR_OUTBPS', u64],
} as const satisfies AttributeTable;

/** The same attributes in 32 bits (but for the byte counters), all that kernels before 4.1 send. */
const statistics32Table = {
  connections: [1, 'IPVS_STATS_ATTR_CONNS', u32],
  incomingPackets: [2, 'IPVS_STATS_ATTR_INPKTS', u32],
  outgoingPackets: [3, 'IPVS_STATS_ATTR_OUTPKTS', u32],
  incomingBytes: [4, 'IPVS_STATS_ATTR_INBYTES', u64],
  outgoingBytes: [5, 'IPVS_STATS_ATTR_OUTBYTES', u64],
  connectionRate: [6, 'IPVS_STATS_ATTR_CPS', u32],
  incomingPacketRate: [7, 'IPVS_STATS_ATTR_INPPS', u32],
  outgoingPacketRate: [8, 'IPVS_STATS_ATTR_OUTPPS', u32],
  incomingByteRate: [9, 'IPVS_STATS_ATTR_INBPS', u32],
  outgoingByteRate: [10, 'IPVS_STATS_ATTR_OUTBPS', u32],
} as const satisfies AttributeTable;

/** IPVS_STATS_ATTR_* in 64 bits. */
export const statistics64 = new AttributeSet(statistics64Table);
/** IPVS_STATS_ATTR_* in 32 bits. */
export const statistics32 = new AttributeSet(statistics32Table);

/** Counters and rates in 64 bits. */
export type Statistics64Values = AttributeValues<typeof statistics64Table>;
/** Counters and rates as old kernels send them. */
export type Statistics32Values = AttributeValues<typeof statistics32Table>;

const serviceTable = {
  family: [1, 'IPVS_SVC_ATTR_AF', u16],
  protocol: [2, 'IPVS_SVC_ATTR_PROTOCOL', u16],
  address: [3, 'IPVS_SVC_ATTR_ADDR', bytes(16)],
  port: [4, 'IPVS_SVC_ATTR_PORT', be16],
  fwmark: [5, 'IPVS_SVC_ATTR_FWMARK', u32],
  scheduler: [6, 'IPVS_SVC_ATTR_SCHED_NAME', text(longestName)],
  flags: [7, 'IPVS_SVC_ATTR_FLAGS', flagsAndMask],
  timeout: [8, 'IPVS_SVC_ATTR_TIMEOUT', u32],
  netmask: [9, 'IPVS_SVC_ATTR_NETMASK', bytes(4)],
  persistenceEngine: [11, 'IPVS_SVC_ATTR_PE_NAME', text(longestName)],
} as const satisfies AttributeTable;

const serviceWithStatisticsTable = {
  ...serviceTable,
  statistics32: [10, 'IPVS_SVC_ATTR_STATS', statistics32],
  statistics64: [12, 'IPVS_SVC_ATTR_STATS64', statistics64],
} as const satisfies AttributeTable;

/** IPVS_SVC_ATTR_*. */
export const serviceAttributes = new AttributeSet(serviceWithStatisticsTable);
/** Decoded IPVS_SVC_ATTR_*. */
export type ServiceValues = AttributeValues<typeof serviceWithStatisticsTable>;

const serverTable = {
  address: [1, 'IPVS_DEST_ATTR_ADDR', bytes(16)],
  port: [2, 'IPVS_DEST_ATTR_PORT', be16],
  forwarding: [3, 'IPVS_DEST_ATTR_FWD_METHOD', u32],
  weight: [4, 'IPVS_DEST_ATTR_WEIGHT', u32],
  upperThreshold: [5, 'IPVS_DEST_ATTR_U_THRESH', u32],
  lowerThreshold: [6, 'IPVS_DEST_ATTR_L_THRESH', u32],
  activeConnections: [7, 'IPVS_DEST_ATTR_ACTIVE_CONNS', u32],
  inactiveConnections: [8, 'IPVS_DEST_ATTR_INACT_CONNS', u32],
  persistentConnections: [9, 'IPVS_DEST_ATTR_PERSIST_CONNS', u32],
  family: [11, 'IPVS_DEST_ATTR_ADDR_FAMILY', u16],
  tunnelType: [13, 'IPVS_DEST_ATTR_TUN_TYPE', u8],
  tunnelPort: [14, 'IPVS_DEST_ATTR_TUN_PORT', be16],
  tunnelFlags: [15, 'IPVS_DEST_ATTR_TUN_FLAGS', u16],
} as const satisfies AttributeTable;

const serverWithStatisticsTable = {
  ...serverTable,
  statistics32: [10, 'IPVS_DEST_ATTR_STATS', statistics32],
  statistics64: [12, 'IPVS_DEST_ATTR_STATS64', statistics64],
} as const satisfies AttributeTable;

/** IPVS_DEST_ATTR_*. */
export const serverAttributes = new AttributeSet(serverWithStatisticsTable);
/** Decoded IPVS_DEST_ATTR_*. */
export type ServerValues = AttributeValues<typeof serverWithStatisticsTable>;

const daemonTable = {
  state: [1, 'IPVS_DAEMON_ATTR_STATE', u32],
  interface: [2, 'IPVS_DAEMON_ATTR_MCAST_IFN', text(longestName)],
  syncId: [3, 'IPVS_DAEMON_ATTR_SYNC_ID', u32],
  maxLength: [4, 'IPVS_DAEMON_ATTR_SYNC_MAXLEN', u16],
  group: [5, 'IPVS_DAEMON_ATTR_MCAST_GROUP', bytes(4)],
  group6: [6, 'IPVS_DAEMON_ATTR_MCAST_GROUP6', bytes(16)],
  port: [7, 'IPVS_DAEMON_ATTR_MCAST_PORT', u16],
  ttl: [8, 'IPVS_DAEMON_ATTR_MCAST_TTL', u8],
} as const satisfies AttributeTable;

/** IPVS_DAEMON_ATTR_*. */
export const daemonAttributes = new AttributeSet(daemonTable);
/** Decoded IPVS_DAEMON_ATTR_*. */
export type DaemonValues = AttributeValues<typeof daemonTable>;

const commandTable = {
  service: [1, 'IPVS_CMD_ATTR_SERVICE', serviceAttributes],
  server: [2, 'IPVS_CMD_ATTR_DEST', serverAttributes],
  daemon: [3, 'IPVS_CMD_ATTR_DAEMON', daemonAttributes],
  timeoutTcp: [4, 'IPVS_CMD_ATTR_TIMEOUT_TCP', u32],
  timeoutTcpFin: [5, 'IPVS_CMD_ATTR_TIMEOUT_TCP_FIN', u32],
  timeoutUdp: [6, 'IPVS_CMD_ATTR_TIMEOUT_UDP', u32],
} as const satisfies AttributeTable;

/** IPVS_CMD_ATTR_*: the outermost attributes of every IPVS message but the answer to getInfo. */
export const commandAttributes = new AttributeSet(commandTable);
/** Decoded IPVS_CMD_ATTR_*. */
export type CommandValues = AttributeValues<typeof commandTable>;

/** Of IPVS_CMD_ATTR_* only what identifies a service or a server: enough to compare two readings of a table. */
export const keyAttributes = new AttributeSet({
  service: [
    1,
    'IPVS_CMD_ATTR_SERVICE',
    new AttributeSet({
      family: serviceTable.family,
      protocol: serviceTable.protocol,
      address: serviceTable.address,
      port: serviceTable.port,
      fwmark: serviceTable.fwmark,
    } as const satisfies AttributeTable),
  ],
  server: [
    2,
    'IPVS_CMD_ATTR_DEST',
    new AttributeSet({
      family: serverTable.family,
      address: serverTable.address,
      port: serverTable.port,
    } as const satisfies AttributeTable),
  ],
} as const satisfies AttributeTable);

/** Of IPVS_CMD_ATTR_DEST all but the counters, which are most of it. */
export const serverStateAttributes = new AttributeSet({
  server: [2, 'IPVS_CMD_ATTR_DEST', new AttributeSet(serverTable)],
} as const satisfies AttributeTable);

const infoTable = {
  version: [1, 'IPVS_INFO_ATTR_VERSION', u32],
  connectionTableSize: [2, 'IPVS_INFO_ATTR_CONN_TAB_SIZE', u32],
} as const satisfies AttributeTable;

/** IPVS_INFO_ATTR_*. */
export const infoAttributes = new AttributeSet(infoTable);
/** Decoded IPVS_INFO_ATTR_*. */
export type InfoValues = AttributeValues<typeof infoTable>;

/** GENL_ID_CTRL, CTRL_CMD_NEWFAMILY (the reply) and CTRL_CMD_GETFAMILY. Source: include/uapi/linux/genetlink.h. */
export const controllerFamily = { type: 0x10, newFamily: 1, getFamily: 3, version: 2 } as const;

const controllerTable = {
  familyId: [1, 'CTRL_ATTR_FAMILY_ID', u16],
  familyName: [2, 'CTRL_ATTR_FAMILY_NAME', text(longestName)],
} as const satisfies AttributeTable;

/** CTRL_ATTR_*, as far as looking up a family needs them. Source: include/uapi/linux/genetlink.h. */
export const controllerAttributes = new AttributeSet(controllerTable);
/** Decoded CTRL_ATTR_*. */
export type ControllerValues = AttributeValues<typeof controllerTable>;
