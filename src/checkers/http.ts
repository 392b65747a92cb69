import type { Attempt } from './attempt.js';
import { converse, type Conversation, type Listener } from './conversation.js';
import { closedEarly } from './failures.js';
import { askHttp2 } from './http2.js';
import { judge, wantedBy, type Wanted } from './http-wanted.js';
import { ResponseReader, type ReaderOptions } from './response-reader.js';
import { shown } from './shown.js';
import { authority, perCheck, type CheckOf, type TargetOf } from './target.js';
import { tlsOptions } from './tls-client.js';

/** What is sent with every request unless the check says otherwise. */
const ownFields: Readonly<Record<string, string>> = {
  'User-Agent': 'ipvsadm',
  Accept: '*/*',
  'Accept-Encoding': 'identity',
  Connection: 'close',
};

/** A request without the name of the host, which may be the server's address: what is before and after it. */
const requestOf = perCheck(({ method, path, headers = {} }: CheckOf<'http'>): readonly [string, string] => {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const own = Object.entries({ ...ownFields, ...(method === 'POST' ? { 'Content-Length': '0' } : {}) });
  const fields = [...own.filter(([name]) => !given.has(name.toLowerCase())), ...Object.entries(headers)];
  const lines = fields
    .filter(([name]) => name.toLowerCase() !== 'host')
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return [`${method} ${path} HTTP/1.1\r\nHost: `, `\r\n${lines.join('')}\r\n`];
});

/** The name of the site. */
function hostOf({ host, headers = {} }: CheckOf<'http'>): string | undefined {
  return host ?? Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1];
}

class HttpListener implements Listener {
  readonly #attempt: Attempt;
  readonly #request: string;
  readonly #wanted: Wanted;
  readonly #reader: ResponseReader;

  constructor(attempt: Attempt, request: string, wanted: Wanted, options: ReaderOptions) {
    this.#attempt = attempt;
    this.#request = request;
    this.#wanted = wanted;
    this.#reader = new ResponseReader(options);
  }

  ready(conversation: Conversation): void {
    conversation.write(this.#request);
  }

  data(chunk: Buffer, conversation: Conversation): void {
    this.#reader.push(chunk);
    this.#judge(conversation);
  }

  ended(conversation: Conversation): void {
    this.#reader.end();
    this.#judge(conversation);
    this.#attempt.lost(closedEarly);
  }

  #judge(conversation: Conversation): void {
    const { status, headers, problem, isWhole } = this.#reader;
    if (problem !== undefined) {
      conversation.sayNo(`not an answer of HTTP: ${shown(problem)}`, 'await');
      return;
    }
    if (status === undefined) return;
    const outcome = judge(this.#wanted, {
      status,
      header: headers === undefined ? undefined : (name) => headers.get(name),
      body: isWhole && this.#wanted.body !== undefined ? this.#reader.body : undefined,
    });
    if (outcome?.kind === 'pass') conversation.pass(outcome, 'await');
    else if (outcome !== undefined) conversation.finish(outcome, 'await');
  }
}

/** Sends a request and judges the answer. */
export function askHttp(attempt: Attempt, target: TargetOf<'http'>): void {
  const { check, address } = target;
  const host = hostOf(check);
  if (check.version === 2) {
    askHttp2(attempt, target, host);
    return;
  }
  const [before, after] = requestOf(check);
  const request = `${before}${host ?? authority(target)}${after}`;
  const wanted = wantedBy(check);
  const options = { isHead: check.method === 'HEAD', bodyLimit: check.bodyLimit };
  const tls = check.tls === undefined ? undefined : tlsOptions(check.tls, host, address);
  converse(attempt, target, new HttpListener(attempt, request, wanted, options), tls);
}
