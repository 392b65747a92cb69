import http from 'node:http';

// Usage: client.mjs URL COUNT SERVER...
// Fetches a URL, each time over a new connection. Exit status 1 unless all servers replied equally often.
const [url = '', count = '', ...servers] = process.argv.slice(2);

/** @returns {Promise<string>} */
function fetchOnce() {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, timeout: 5000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (/** @type {string} */ text) => (body += text));
      response.on('end', () => {
        resolve(body.trim());
      });
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no reply within 5 seconds')));
    request.on('error', reject);
  });
}

/** @type {string[]} */
const replies = [];
for (let number = 1; number <= Number(count); number++) {
  const label = `request ${String(number).padStart(2)}:`;
  try {
    const server = await fetchOnce();
    replies.push(server);
    console.log(`${label} answered by ${server}`);
  } catch (error) {
    console.log(`${label} failed: ${error instanceof Error ? error.message : String(error)}`);
    break;
  }
}

const share = Number(count) / servers.length;
const uneven = servers.some((server) => replies.filter((reply) => reply === server).length !== share);
if (uneven) {
  console.log(`expected ${share} replies from each of ${servers.join(' and ')}`);
  process.exitCode = 1;
}
