import type { Transport } from '../../../src/ports/transport.js';
import { openNetlinkTransport } from '../../../src/socket/netlink-transport.js';
import { requestsOf } from '../../unit/support/netlink-bytes.js';

/** IPVS_CMD_* that change the table. Source: include/uapi/linux/ip_vs.h. */
const changing = new Set([1, 2, 3, 5, 6, 7, 9, 10, 12, 16, 17]);

/** GENL_ID_CTRL: the family that knows the numbers of all others. */
const controller = 16;

/** A change in a datagram: where it starts and ends. */
interface Place {
  readonly start: number;
  readonly end: number;
}

function changesOf(datagram: Uint8Array): Place[] {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
  let end = 0;
  return requestsOf(datagram)
    .map((request) => {
      const start = end;
      end += (bytes.readUInt32LE(start) + 3) & ~3;
      return { request, start, end };
    })
    .filter(({ request }) => request.family !== controller && changing.has(request.command));
}

/** A socket to the real kernel; what is sent can be altered on its way. */
function altered(alter: (datagram: Uint8Array) => Uint8Array): Transport {
  const real = openNetlinkTransport();
  return {
    send: (datagram) => {
      real.send(alter(datagram));
    },
    receive: () => real.receive(),
    close: () => {
      real.close();
    },
  };
}

/** Counts the changes that are sent. */
export function countingTransport(counted: (count: number) => void): Transport {
  return altered((datagram) => {
    counted(changesOf(datagram).length);
    return datagram;
  });
}

/**
 * A socket on which the kernel refuses one change: its command is one that there is none of.
 * @param position the change, counted from 0 over all that is sent.
 */
export function refusingTransport(position: number): Transport {
  let seen = 0;
  return altered((datagram) => {
    const changes = changesOf(datagram);
    const place = changes[position - seen];
    seen += changes.length;
    if (place === undefined) return datagram;
    const spoiled = Buffer.from(datagram);
    spoiled.writeUInt8(0xff, place.start + 16);
    return spoiled;
  });
}

/** A socket whose process is killed by SIGKILL as soon as that many changes have reached the kernel. */
export function killingTransport(changes: number): Transport {
  let left = changes;
  const real = openNetlinkTransport();
  return {
    send: (datagram) => {
      const places = changesOf(datagram);
      if (places.length <= left) {
        left -= places.length;
        real.send(datagram);
        return;
      }
      // The kernel has worked a request off when sending it has ended.
      if (left > 0) real.send(datagram.slice(0, places[left - 1]?.end));
      process.kill(process.pid, 'SIGKILL');
    },
    receive: () => real.receive(),
    close: () => {
      real.close();
    },
  };
}

/**
 * A socket that hands a datagram over in two when a certain change is in it, and calls something before that change.
 * @param position the change, counted from 0 over all that is sent.
 */
export function beforeChange(position: number, call: () => void): Transport {
  let seen = 0;
  const real = openNetlinkTransport();
  return {
    send: (datagram) => {
      const changes = changesOf(datagram);
      const place = changes[position - seen];
      seen += changes.length;
      if (place === undefined) {
        real.send(datagram);
        return;
      }
      if (place.start > 0) real.send(datagram.slice(0, place.start));
      call();
      real.send(datagram.slice(place.start));
    },
    receive: () => real.receive(),
    close: () => {
      real.close();
    },
  };
}
