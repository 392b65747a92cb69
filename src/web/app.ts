// Requests in, answers out: who may ask for what, and which page it is.

import { gzipSync } from 'node:zlib';
import { IpvsError, ValueError } from '../errors.js';
import type { Table } from '../model/table.js';
import { printable } from '../text/printable.js';
import { version } from '../version.js';
import { changePage, donePage, previewPage, readChange, SeenError, type WebActions } from './change.js';
import { editDone, editPage, editPreview, readEdit, type Edit } from './edit.js';
import { refuse, securityHeaders, type Asked } from './guard.js';
import { html, type Html } from './html.js';
import {
  documentOf,
  hostsPage,
  messagePage,
  overviewPage,
  servicePage,
  textBox,
  type Page,
  type PageContext,
} from './pages.js';
import type { Look, Sampler } from './sampler.js';
import { script } from './script.js';
import { cookieOf, type Sessions, type Visitor } from './sessions.js';
import { icon, style } from './style.js';
import { overviewOf } from './view.js';

/** A request as it came in. */
export interface WebRequest extends Asked {
  readonly query: URLSearchParams;
  /** The form of a POST. */
  readonly form: URLSearchParams;
}

/** An answer. */
export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** What pages need that is not of the table. */
export interface WebSources {
  /** What a document has otherwise than the table, as text for people; undefined: there is no document. */
  readonly difference?: (() => Promise<string>) | undefined;
  /** Findings of doctor, as text for people. */
  doctor(): Promise<string>;
  /** Connections that match, counted by client, as text for people. @throws {IpvsError} */
  connections(query: URLSearchParams): Promise<string>;
  /** Metrics, and their content type. @param accept the header of who asks. */
  metrics(accept: string): Promise<{ readonly text: string; readonly type: string }>;
  /** The table as JSON, as `status --json` has it. */
  table(): Promise<string>;
}

/** What edits the table. */
export interface EditActions {
  /** The table as it is. */
  readonly table: () => Promise<Table>;
  /** Makes an edit. @throws {IpvsError} where it is refused. */
  readonly apply: (edit: Edit) => Promise<void>;
}

/** How an application is set up. */
export interface WebOptions {
  readonly sampler: Sampler;
  readonly sessions: Sessions;
  readonly sources: WebSources;
  /** Undefined: nothing can be changed. */
  readonly actions: WebActions | undefined;
  /** Undefined: services and servers can't be added, edited and removed. */
  readonly edits: EditActions | undefined;
  /** Host names under which it may be asked for, in lower case. */
  readonly hosts: readonly string[];
  /** Name of the machine. */
  readonly host: string;
  /** Whether it is reached by TLS. */
  readonly isSecure: boolean;
  /** Seconds between two looks. */
  readonly seconds: number;
  /** Told of each change, one line of JSON. */
  readonly audit: (line: string) => void;
  /** The date, such as `2026-01-02T03:04:05.000Z`. */
  readonly date: () => string;
}

const htmlType = 'text/html; charset=utf-8';

/** Answers that need no page around them. */
function plain(status: number, text: string, type = 'text/plain; charset=utf-8'): WebAnswer {
  return { status, headers: { ...securityHeaders, 'Content-Type': type }, body: text };
}

function redirect(to: string, headers: Readonly<Record<string, string>> = {}): WebAnswer {
  return { status: 303, headers: { ...securityHeaders, ...headers, Location: to }, body: '' };
}

/** Answers the requests of one server. */
export class WebApp {
  readonly #options: WebOptions;

  constructor(options: WebOptions) {
    this.#options = options;
  }

  /** The answer to a request. Never rejects. */
  async answer(request: WebRequest): Promise<WebAnswer> {
    const refusal = refuse(request, this.#options.hosts);
    if (refusal !== undefined) return plain(refusal.status, `${refusal.reason}\n`);
    const visitor = await this.visitorOf(request);
    try {
      const open = this.#openAnswer(request, visitor);
      if (open !== undefined) return open;
      if (visitor === undefined) return this.#logInPage(request);
      return await this.#answer(request, visitor);
    } catch (error) {
      // What is wrong inside is none of the visitor's business; paths of this machine least of all.
      if (!(error instanceof IpvsError))
        return this.#page(request, visitor, 500, messagePage('Fault', 'this is a fault of the program'));
      const status = error instanceof ValueError ? 400 : 503;
      return this.#page(request, visitor, status, messagePage('Not done', withoutPaths(error.message)));
    }
  }

  /** How a program proves who it is: the header `WWW-Authenticate`. */
  get challenge(): string {
    return this.#options.sessions.challenge;
  }

  /** Who asks; undefined: nobody that is known. */
  async visitorOf({ headers, certificate }: Asked): Promise<Visitor | undefined> {
    const { sessions } = this.#options;
    const visitor = await sessions.visitor(cookieOf(headers['cookie']), headers['authorization']);
    if (visitor?.session !== 'local' || certificate === undefined) return visitor;
    return { name: certificate, session: `certificate ${certificate}` };
  }

  /** What everybody may have. */
  #openAnswer({ path, query, form, method }: WebRequest, visitor: Visitor | undefined): WebAnswer | undefined {
    const { sessions, isSecure } = this.#options;
    if (path === '/style.css') return plain(200, style, 'text/css; charset=utf-8');
    if (path === '/live.js') return plain(200, script, 'text/javascript; charset=utf-8');
    if (path === '/icon.svg') return plain(200, icon, 'image/svg+xml');
    if (path === '/healthz') return plain(200, 'ok\n');
    if (path === '/robots.txt') return plain(200, 'User-agent: *\nDisallow: /\n');
    const token = method === 'POST' && path === '/login' ? form.get('password') : query.get('token');
    if (token === null || !sessions.isClosed || visitor !== undefined) return undefined;
    const cookie = sessions.logIn(token, isSecure);
    // Redirected, so that the token is in no history and no header of another page.
    return cookie === undefined ? undefined : redirect('/', { 'Set-Cookie': cookie });
  }

  #logInPage(request: WebRequest): WebAnswer {
    const { challenge } = this.#options.sessions;
    if (challenge !== 'Bearer' || request.path.startsWith('/api/') || request.path === '/metrics')
      return { ...plain(401, 'who are you?\n'), headers: { ...securityHeaders, 'WWW-Authenticate': challenge } };
    const tried = request.query.has('token') || request.form.has('password');
    const body = html`${tried && html`<p class="note bad" role="alert">That token is not right.</p>`}
<form method="post" action="/login" class="row">
<label>Token <input type="password" name="password" autocomplete="current-password" required></label>
<button class="act">Log in</button>
</form>
<p class="dim">It was printed when ipvsadm web was started, or is in the file that it was given.</p>`;
    return this.#page(request, undefined, 401, { title: 'Log in', body });
  }

  #context(visitor: Visitor | undefined): PageContext {
    const { sessions, actions, edits, sources, host, seconds } = this.#options;
    const token = visitor === undefined ? undefined : sessions.formToken(visitor);
    const formToken = actions === undefined ? undefined : token;
    return {
      host,
      formToken,
      editToken: edits === undefined ? undefined : token,
      hasDocument: sources.difference !== undefined,
      seconds: Math.max(5, seconds),
      version,
    };
  }

  #page({ path }: Asked, visitor: Visitor | undefined, status: number, page: Page): WebAnswer {
    return plain(status, documentOf(page, visitor && path, this.#context(visitor)), htmlType);
  }

  async #answer(request: WebRequest, visitor: Visitor): Promise<WebAnswer> {
    const { path, method, query } = request;
    const { sources, sampler } = this.#options;
    if (method === 'POST') return path === '/edit' ? this.#edit(request, visitor) : this.#change(request, visitor);
    const context = this.#context(visitor);
    const page = async (make: (look: Look) => Page | undefined): Promise<WebAnswer> => {
      const made = make(await sampler.look());
      if (made === undefined)
        return this.#page(request, visitor, 404, messagePage('Not found', 'there is no such thing'));
      return this.#page(request, visitor, 200, made);
    };
    switch (path) {
      case '/':
        return page((look) => overviewPage(look, overviewOf(query), context));
      case '/service':
        return page((look) => servicePage(look, query.get('name') ?? '', context));
      case '/hosts':
        return page((look) => hostsPage(look, context));
      case '/change':
        return page((look) => changePage(look, query.get('server') ?? '', context));
      case '/edit': {
        const { edits } = this.#options;
        if (edits === undefined) return plain(403, 'nothing can be edited here\n');
        return this.#page(request, visitor, 200, editPage(await edits.table(), new Map(query), context));
      }
      case '/connections':
        return this.#page(request, visitor, 200, connectionsPage(query, await sources.connections(query)));
      case '/document': {
        const { difference } = sources;
        if (difference === undefined)
          return this.#page(request, visitor, 404, messagePage('Not found', 'no document was given'));
        return this.#page(request, visitor, 200, {
          title: 'Document',
          body: textBox(await difference(), 'Difference of the table to the document'),
        });
      }
      case '/doctor':
        return this.#page(request, visitor, 200, {
          title: 'Doctor',
          body: textBox(await sources.doctor(), 'Findings'),
        });
      case '/metrics': {
        const { text, type } = await sources.metrics(request.headers['accept'] ?? '');
        return compressed(plain(200, text, type), request);
      }
      case '/api/table':
        return compressed(plain(200, await sources.table(), 'application/json'), request);
      case '/api/checks':
        return compressed(
          plain(200, `${JSON.stringify({ daemons: (await sampler.look()).daemons })}\n`, 'application/json'),
          request,
        );
      default:
        return this.#page(request, visitor, 404, messagePage('Not found', 'there is no such page'));
    }
  }

  async #edit({ form, ...request }: WebRequest, visitor: Visitor): Promise<WebAnswer> {
    const { edits, sessions, audit, date } = this.#options;
    if (edits === undefined) return plain(403, 'nothing can be edited here\n');
    if (!sessions.isOurForm(visitor, form.get('token') ?? '')) return plain(403, 'the form is not of this page\n');
    const context = this.#context(visitor);
    const fields = new Map(form);
    const table = await edits.table();
    let edit: Edit;
    try {
      edit = await readEdit(fields);
      edit.apply(table);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      return this.#page(request, visitor, 400, editPage(table, fields, context, error.message));
    }
    if (form.get('confirm') !== 'yes')
      return this.#page(request, visitor, 200, editPreview(table, edit, fields, context));
    const seen = form.get('seen') ?? '';
    const before = edit.present(table);
    if (seen !== before) return this.#page(request, visitor, 409, editPreview(table, edit, fields, context, seen));
    const note = { at: date(), by: visitor.name, what: 'edit', server: edit.name, before };
    try {
      await edits.apply(edit);
      audit(JSON.stringify({ ...note, after: edit.present(edit.apply(table)), result: 'done' }));
      return this.#page(request, visitor, 200, editDone(edit));
    } catch (error) {
      audit(JSON.stringify({ ...note, result: error instanceof IpvsError ? error.message : 'fault' }));
      throw error;
    }
  }

  async #change(request: WebRequest, visitor: Visitor): Promise<WebAnswer> {
    const { actions, sessions, sampler, audit, date } = this.#options;
    const { path, form } = request;
    if (actions === undefined || path !== '/change') return plain(403, 'nothing can be changed here\n');
    if (!sessions.isOurForm(visitor, form.get('token') ?? '')) return plain(403, 'the form is not of this page\n');
    const asked = readChange(form);
    const context = this.#context(visitor);
    if (!asked.isConfirmed) return this.#page(request, visitor, 200, previewPage(await sampler.look(), asked, context));
    const { what, target, weight, reason, name, seen = '' } = asked;
    const note = { at: date(), by: visitor.name, what, server: name, weight, reason, before: seen };
    try {
      const told =
        what === 'drain'
          ? await actions.drain(target, reason, seen)
          : what === 'undrain'
            ? await actions.undrain(target, seen)
            : await actions.setWeight(target, weight ?? 0, seen);
      audit(JSON.stringify({ ...note, result: 'done' }));
      // Whoever watches sees it at once, and who goes on to another page sees no older one.
      await sampler.lookAgain();
      return this.#page(request, visitor, 200, donePage(asked, told, context));
    } catch (error) {
      audit(JSON.stringify({ ...note, result: error instanceof IpvsError ? error.message : 'fault' }));
      if (!(error instanceof SeenError)) throw error;
      return this.#page(request, visitor, 409, previewPage(await sampler.lookAgain(), asked, context, seen));
    }
  }
}

/** Paths of this machine are not for visitors. */
function withoutPaths(message: string): string {
  return printable(message).replace(/(^|[\s('"])\/[^\s'")]+/g, '$1...');
}

const countedBy = [
  ['client', 'client'],
  ['virtual', 'service'],
  ['server', 'server'],
  ['state', 'state'],
  ['protocol', 'protocol'],
] as const;

function connectionsPage(query: URLSearchParams, text: string): Page {
  const field = (name: string, label: string, hint: string): Html =>
    html`<label>${label} <input name="${name}" value="${query.get(name) ?? ''}" placeholder="${hint}" autocomplete="off"></label>
`;
  const by = query.get('by') ?? 'client';
  const option = ([value, word]: (typeof countedBy)[number]): Html =>
    html`<option value="${value}"${value === by && html` selected`}>${word}</option>`;
  const body = html`<form method="get" action="/connections" class="row">
${field('client', 'Client', '198.51.100.0/24')}${field('virtual', 'Service', '192.0.2.10:80')}${field('server', 'Server', '10.0.1.2:80')}<label>Count by <select name="by">${countedBy.map(option)}</select></label>
<button>Count</button>
</form>
${textBox(text, 'Connections')}`;
  return { title: 'Connections', body };
}

/** Shorter than this is not worth it, in bytes. */
const shortestCompressed = 1400;

/** Compressed, where who asks wants that. */
function compressed(answer: WebAnswer, { headers }: Asked): WebAnswer {
  const wants = /\bgzip\b/.test(headers['accept-encoding'] ?? '');
  if (!wants || answer.body.length < shortestCompressed) return answer;
  return {
    ...answer,
    headers: { ...answer.headers, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' },
    body: gzipSync(answer.body, { level: 1 }),
  };
}
