import http from 'node:http';

// A web server that replies to every request with its own name.
const name = process.argv[2] ?? 'nobody';

http
  .createServer((_, response) => {
    response.setHeader('Connection', 'close');
    response.end(`${name}\n`);
  })
  .listen(80, () => {
    console.log('listening');
  });
