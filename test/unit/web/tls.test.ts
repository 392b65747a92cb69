import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { test, type TestContext } from 'node:test';
import { IpvsClient } from '../../../src/client/client.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { systemClock } from '../../../src/ports/clock.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { localHosts } from '../../../src/web/guard.js';
import { Sampler } from '../../../src/web/sampler.js';
import { serveWeb, type ListenAt, type TlsContext, type WebServer } from '../../../src/web/server.js';
import { Sessions } from '../../../src/web/sessions.js';
import { FakeIo } from '../support/fake-io.js';
import { readingApp } from '../support/reading-app.js';

const web = serviceAt('192.0.2.10', 80);
const server = (weight: number) => realServer({ address: '10.0.1.2', port: 8080, weight, forwarding: 'masquerading' });
const fixtures = 'test/unit/checkers/fixtures';

interface Served {
  readonly kernel: FakeKernel;
  readonly page: WebServer;
  readonly sampler: Sampler;
}

/** A page of a table with one server, until the test is over. */
async function serve(t: TestContext, at: ListenAt, tls?: TlsContext): Promise<Served> {
  const kernel = new FakeKernel({ services: [{ service: virtualService(web), servers: [server(10)] }] });
  const { machine } = new FakeIo({ machine: { clock: systemClock } });
  const sampler = new Sampler({ machine }, await IpvsClient.connect(kernel), 50);
  const app = readingApp(sampler, new Sessions(undefined, () => performance.now()));
  const page = await serveWeb(at, { app, sampler, hosts: localHosts }, tls);
  t.after(async () => {
    sampler.end();
    await page.close();
  });
  return { kernel, page, sampler };
}

const loopback: ListenAt = { address: '127.0.0.1', port: 0 };

interface Got {
  readonly status: number;
  readonly text: string;
}

async function get(options: object, request = httpRequest): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ path: '/', headers: { host: 'localhost' }, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.once('error', reject).end();
  });
}

test('by TLS, with other certificates when they were renewed, and not without', async (t) => {
  const names = ['server', 'expired'] as const;
  const [first, second] = names.map((name) => ({
    cert: readFileSync(`${fixtures}/${name}.pem`, 'utf8'),
    key: readFileSync(`${fixtures}/key.pem`, 'utf8'),
    ca: undefined,
    requestCert: false,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2' as const,
  }));
  const { page } = await serve(t, loopback, first);
  const { port } = page;
  assert.equal((await get({ port, rejectUnauthorized: false }, httpsRequest)).status, 200);
  await assert.rejects(get({ port }), /ECONNRESET|socket hang up/);
  assert.ok(second);
  page.renew(second);
  await assert.rejects(get({ port, ca: second.cert, servername: 'localhost' }, httpsRequest), /expired|altname|self/i);
});
