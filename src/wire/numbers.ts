import type { AddressFamily } from '../model/address.js';
import type { SchedulerFlag } from '../model/service.js';
import type { SyncRole } from '../model/state.js';

// The kernel's numbers of words of the model, which encode.ts and decode.ts share. Source, where no other is named:
// include/uapi/linux/ip_vs.h.

/** AF_INET, AF_INET6. Source: include/linux/socket.h. */
export const familyNumbers: Readonly<Record<AddressFamily, number>> = { inet: 2, inet6: 10 };

/** IP_VS_SVC_F_*. */
export const serviceFlag = { persistent: 0x1, onePacket: 0x4 } as const;

/** IP_VS_SVC_F_SCHED1..3. */
export const schedulerFlagBits: readonly (readonly [SchedulerFlag, number])[] = [
  ['flag-1', 0x8],
  ['flag-2', 0x10],
  ['flag-3', 0x20],
];

/** IP_VS_CONN_F_FWD_MASK. */
export const forwardingMask = 7;

/** IP_VS_TUNNEL_ENCAP_FLAG_CSUM and _REMCSUM. */
export const tunnelChecksumMask = 3;

/** By IP_VS_STATE_*. */
export const syncRoles: readonly (SyncRole | undefined)[] = [undefined, 'master', 'backup'];
