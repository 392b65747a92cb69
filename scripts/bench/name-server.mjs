// A DNS server that replies to every query with the same name, after the milliseconds given as argument, or (-1) never.
import dgram from 'node:dgram';

const delay = Number(process.argv[2]);
const name = Buffer.from('\x04host\x04test\0', 'latin1');

const socket = dgram.createSocket('udp4');
socket.on('message', (query, { port, address }) => {
  if (delay < 0) return;
  let end = 12;
  while (end < query.length && query[end] !== 0) end += (query[end] ?? 0) + 1;
  const header = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, name.length]);
  setTimeout(() => {
    socket.send(Buffer.concat([header, query.subarray(12, end + 5), record, name]), port, address);
  }, delay);
});
socket.bind(53, '127.0.0.1', () => {
  process.stdout.write('ready\n');
});
