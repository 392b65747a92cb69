// A socket to a fake kernel that outlives the commands which close it.

import type { FakeKernel } from '../../../src/testing/index.js';

/** A socket of a kernel; to close it leaves the kernel as it is, for the next command. */
export function kernelSocket(kernel: FakeKernel): {
  send: (datagram: Uint8Array) => void;
  receive: () => Uint8Array | undefined;
  close: () => void;
} {
  return {
    send: (datagram) => {
      kernel.send(datagram);
    },
    receive: () => kernel.receive(),
    close: () => undefined,
  };
}
