import { createReadStream, readFileSync } from 'node:fs';
import type { Machine } from '../io.js';

const modprobe = '/sbin/modprobe';

/** The machine that the process runs on. */
export function createMachine(): Machine {
  return {
    async openSocket() {
      const { openNetlinkTransport } = await import('../socket/netlink-transport.js');
      return openNetlinkTransport();
    },
    async loadModule() {
      const { spawn } = await import('node:child_process');
      await new Promise<void>((resolve) => {
        const child = spawn(modprobe, ['--', 'ip_vs'], { stdio: 'inherit' });
        // Whether it worked shows when the kernel is asked again.
        child.once('error', () => {
          resolve();
        });
        child.once('close', () => {
          resolve();
        });
      });
    },
    capabilities() {
      const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
      return BigInt(`0x${match?.[1] ?? '0'}`);
    },
    readConnections: () => createReadStream('/proc/net/ip_vs_conn', { highWaterMark: 1 << 18 }),
  };
}
