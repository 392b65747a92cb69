import { spawn } from 'node:child_process';

/** Node opens no datagram sockets of the kind that systemd listens at; its own program does. */
const program = '/usr/bin/systemd-notify';

/** Longest time that it may take, in milliseconds. */
const timeout = 5000;

/** Tells the service manager that started this program something. What goes wrong is ignored: it shows as a timeout there. */
export async function notifyManager(state: string): Promise<void> {
  const told = new Promise<void>((resolve) => {
    const child = spawn(program, [`--pid=${process.pid}`, state], {
      env: { NOTIFY_SOCKET: process.env['NOTIFY_SOCKET'] ?? '', LC_ALL: 'C' },
      stdio: 'ignore',
      timeout,
    });
    const done = (): void => {
      resolve();
    };
    child.once('error', done).once('close', done);
  });
  // Some failures are thrown.
  await told.catch(() => undefined);
}
