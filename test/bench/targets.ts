// Real servers for the bench, in a process of their own: whatever is asked for at any address of this machine is answered.
import { createServer, type AddressInfo, type Server } from 'node:net';

const response = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host: '0.0.0.0', port: 0, backlog: 4096 }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

const tcp = createServer((socket) => {
  socket.on('error', () => socket.destroy()).resume();
});
const http = createServer((socket) => {
  socket.on('error', () => socket.destroy()).once('data', () => socket.end(response));
});

const [tcpPort, httpPort] = [await listen(tcp), await listen(http)];
process.send?.({ tcp: tcpPort, http: httpPort });
// From then on all connections are refused.
process.once('message', () => {
  tcp.close();
  http.close();
});
process.once('disconnect', () => process.exit());
