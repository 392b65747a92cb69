// Changes from the page: what would be done, the command line that does the same, and whether it is still what was seen.

import { StateError, ValueError } from '../errors.js';
import { parseServerName, serverName, serviceName, startsWithService, type ServerName } from '../model/entity-name.js';
import { weights } from '../model/limits.js';
import type { ServerKey } from '../model/server.js';
import { describeEndpoint, type ServiceKey } from '../model/service.js';
import type { ServiceWithServers } from '../model/table.js';
import { longestReason } from '../table/drain-record.js';
import { printable } from '../text/printable.js';
import { html, type Html } from './html.js';
import type { Page, PageContext } from './pages.js';
import type { Look } from './sampler.js';

/** What changes the table, and how: each rejects with an IpvsError where it is refused. */
export interface WebActions {
  readonly drain: (target: ServerName, reason: string | undefined, seen?: string) => Promise<string>;
  readonly undrain: (target: ServerName, seen?: string) => Promise<string>;
  /** @param seen the weights that were shown, as `weightsText` writes them. @throws {SeenError} where they are others by now. */
  readonly setWeight: (target: ServerName, weight: number, seen?: string) => Promise<string>;
}

/** Somebody has changed what was shown. */
export class SeenError extends StateError {}

/** A change that somebody asks for. */
export interface AskedChange {
  readonly what: 'drain' | 'undrain' | 'weight';
  readonly target: ServerName;
  /** As it was written. */
  readonly name: string;
  readonly weight: number | undefined;
  readonly reason: string | undefined;
  /** The weights that the page had; undefined: none was shown yet. */
  readonly seen: string | undefined;
  readonly isConfirmed: boolean;
}

/** Words of `drain`, `undrain` and `weight` for people. */
const titles = { drain: 'Drain', undrain: 'Put back', weight: 'Set the weight of' } as const;

/** Reads a form. @throws {ValueError} */
export function readChange(form: URLSearchParams): AskedChange {
  const name = form.get('server') ?? '';
  const what = form.get('what');
  if (what !== 'drain' && what !== 'undrain' && what !== 'weight') throw new ValueError('that change is not known');
  const digits = form.get('weight') ?? '';
  const weight = what === 'weight' ? readWeight(digits) : undefined;
  const reason = printable(form.get('reason') ?? '')
    .trim()
    .slice(0, longestReason);
  return {
    what,
    target: readTarget(name),
    name,
    weight,
    reason: what === 'drain' && reason !== '' ? reason : undefined,
    seen: form.get('seen') ?? undefined,
    isConfirmed: form.get('confirm') === 'yes',
  };
}

/** A server of a service, or a host in all services. @throws {ValueError} */
export function readTarget(name: string): ServerName {
  const target = parseServerName(name);
  if (startsWithService(name) && target.port === undefined) throw new ValueError(`${printable(name)} has no port`);
  return target;
}

function readWeight(digits: string): number {
  const weight = /^\d{1,10}$/.test(digits) ? Number(digits) : NaN;
  if (weight >= weights.lowest && weight <= weights.highest) return weight;
  throw new ValueError(`a weight is a number from ${weights.lowest} to ${weights.highest}`);
}

/** A server that a change is about. */
interface Touched {
  readonly name: string;
  readonly weight: number;
}

/** Whether a target stands for a server of a service. */
function isMeant({ service, address, port }: ServerName, key: ServiceKey, server: ServerKey): boolean {
  return (
    server.address === address &&
    (port === undefined || server.port === port) &&
    (service === undefined || serviceName(service) === serviceName(key))
  );
}

/** The servers that a target stands for, sorted by name. */
function touchedBy(services: readonly ServiceWithServers[], target: ServerName): Touched[] {
  return services
    .flatMap(({ service: { key }, servers }) =>
      servers
        .filter((server) => isMeant(target, key, server))
        .map((server) => ({ name: serverName(key, server), weight: server.weight })),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The same of a look. */
function touchedOf({ reading }: Look, target: ServerName): Touched[] {
  const services = reading.services.map(({ service, servers }) => ({
    service,
    servers: servers.map(({ server }) => server),
  }));
  return touchedBy(services, target);
}

/** Weights as a form carries them: without line breaks, which browsers would change. */
function weightsText(touched: readonly Touched[]): string {
  return touched.map(({ name, weight }) => `${name}=${weight}`).join(' ');
}

/** @throws {SeenError} where weights are others than those that were shown. */
export function checkSeen(services: readonly ServiceWithServers[], target: ServerName, seen: string | undefined): void {
  if (seen !== undefined && seen !== weightsText(touchedBy(services, target)))
    throw new SeenError('somebody has changed it meanwhile');
}

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command line that does the same. */
export function commandOf({ what, name, weight, reason }: AskedChange): string {
  const server = quoted(name);
  if (what === 'undrain') return `ipvsadm undrain ${server}`;
  if (what === 'weight') return `ipvsadm set ${server} --weight ${weight ?? 0}`;
  return `ipvsadm drain ${server} --no-wait${reason === undefined ? '' : ` --reason ${quoted(reason)}`}`;
}

function hidden(fields: Readonly<Record<string, string>>): Html[] {
  return Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
}

/** @param then the weight that each is going to have; undefined: nothing was chosen yet. */
function touchedTable(touched: readonly Touched[], then?: (weight: number) => string): Html {
  return html`<div class="wide fit" role="region" aria-label="Servers" tabindex="0">
<table>
<thead><tr><th scope="col">Server</th><th scope="col">Weight${then && ' now'}</th>${then && html`<th scope="col">Then</th>`}</tr></thead>
<tbody>
${touched.map(
  ({
    name,
    weight,
  }) => html`<tr><th scope="row">${name}</th><td>${weight}</td>${then && html`<td>${then(weight)}</td>`}</tr>
`,
)}</tbody>
</table>
</div>`;
}

/** The forms for a server or a host. */
export function changePage(look: Look, name: string, { formToken }: PageContext): Page {
  const target = readTarget(name);
  const touched = touchedOf(look, target);
  if (formToken === undefined || touched.length === 0) throw new ValueError(`there is no server ${printable(name)}`);
  const form = (what: keyof typeof titles, title: string, hint: string, fields: Html | false, button: string): Html =>
    html`<form method="post" action="/change" class="card" aria-labelledby="${what}">
${hidden({ token: formToken, server: name, what })}
<h2 id="${what}">${title}</h2>
<p>${hint}</p>
<p class="row">${fields} <button>${button}</button></p>
</form>`;
  const [first] = touched;
  const one = touched.length === 1 ? first?.weight : undefined;
  const reason = html`<label>Reason <input name="reason" maxlength="${longestReason}" autocomplete="off" placeholder="for the others"></label>`;
  const weight = html`<label>Weight <input name="weight" inputmode="numeric" pattern="[0-9]+" size="10" value="${one}" autocomplete="off" required></label>`;
  const body = html`${touchedTable(touched)}
<div class="cards">
${form('drain', 'Drain', 'No new connections; those that are open go on.', reason, 'Drain ...')}
${form('undrain', 'Put back', 'Gives it the weight that it had before it was drained.', false, 'Put back ...')}
${form('weight', 'Weight', 'Its share of new connections among the servers of its service.', weight, 'Set ...')}
</div>
<p class="dim">Nothing is done yet: what would be done is shown first.</p>`;
  return { title: describe(target, name), body };
}

function describe({ service, address, port, family }: ServerName, name: string): string {
  if (service !== undefined) return name;
  return port === undefined ? address : describeEndpoint({ family, address, port });
}

/** What would be done, to be confirmed. @param changed what was seen before, where it is otherwise by now. */
export function previewPage(look: Look, asked: AskedChange, { formToken }: PageContext, changed?: string): Page {
  const { what, name, weight, reason } = asked;
  const touched = touchedOf(look, asked.target);
  if (touched.length === 0) throw new ValueError(`there is no server ${printable(name)}`);
  const then = (now: number): string => {
    if (what === 'drain') return '0';
    if (what === 'weight') return String(weight);
    return now === 0 ? 'as before' : String(now);
  };
  const fields = {
    token: formToken ?? '',
    server: name,
    what,
    ...(weight === undefined ? {} : { weight: String(weight) }),
    ...(reason === undefined ? {} : { reason }),
    seen: weightsText(touched),
    confirm: 'yes',
  };
  const conflict = (seen: string): Html => html`<div class="note bad" role="alert">
<p>Somebody has changed it meanwhile, nothing was done. You saw:</p>
<ul>${seen.split(' ').map((one) => html`<li><code>${one}</code></li>`)}</ul>
</div>`;
  const body = html`${changed !== undefined && conflict(changed)}
${touchedTable(touched, then)}
<h2>The same on a command line</h2>
<pre class="command">${commandOf(asked)}</pre>
<form method="post" action="/change" class="row">
${hidden(fields)}
<button class="act">${acts[what]}</button>
<a href="/change?${new URLSearchParams({ server: name }).toString()}">Not now</a>
</form>`;
  return { title: `${titles[what]} ${name}`, body };
}

/** Words of the buttons that do it. */
const acts = { drain: 'Drain it', undrain: 'Put it back', weight: 'Set it' } as const;

/** What was done, and how to undo it. */
export function donePage(asked: AskedChange, told: string, { formToken }: PageContext): Page {
  const { what, name } = asked;
  const undo =
    what === 'drain'
      ? html`<form method="post" action="/change">
${hidden({ token: formToken ?? '', server: name, what: 'undrain' })}
<button>Put it back ...</button>
</form>`
      : html`<p>Back: <code>ipvsadm undo</code>, or the page of <a href="/change?${new URLSearchParams({ server: name }).toString()}">${name}</a>.</p>`;
  const body = html`<p class="note good" role="status">${told}</p>
${undo}
<p class="row"><a href="/">Services</a> <a href="/hosts">Hosts</a></p>`;
  return { title: 'Done', body };
}
