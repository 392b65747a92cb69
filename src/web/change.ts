// Changes from the page: what would be done, the command line that does the same, and whether it is still what was seen.

import { ValueError } from '../errors.js';
import { parseServerName, serverName, startsWithService, type ServerName } from '../model/entity-name.js';
import { weights } from '../model/limits.js';
import { describeEndpoint } from '../model/service.js';
import { longestReason } from '../table/drain-record.js';
import { printable } from '../text/printable.js';
import { html, type Html } from './html.js';
import type { Page, PageContext } from './pages.js';
import type { Look } from './sampler.js';

/** What changes the table, and how: each rejects with an IpvsError where it is refused. */
export interface WebActions {
  readonly drain: (target: ServerName, reason: string | undefined) => Promise<string>;
  readonly undrain: (target: ServerName) => Promise<string>;
  readonly setWeight: (target: ServerName, weight: number) => Promise<string>;
}

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

/** The servers that a target stands for. */
export function touchedBy({ reading }: Look, { service, address, port }: ServerName): Touched[] {
  return reading.services.flatMap((entry) =>
    entry.servers.flatMap(({ name, server }) => {
      const isMeant =
        server.address === address &&
        (port === undefined || server.port === port) &&
        (service === undefined || name === serverName(service, server));
      return isMeant ? [{ name, weight: server.weight }] : [];
    }),
  );
}

/** Weights as a form carries them: without line breaks, which browsers would change. */
export function weightsText(touched: readonly Touched[]): string {
  return touched.map(({ name, weight }) => `${name}=${weight}`).join(' ');
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

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`;
}

function touchedTable(touched: readonly Touched[], after: (weight: number) => string): Html {
  return html`<div class="wide">
    <table>
      <caption>
        What changes
      </caption>
      <thead>
        <tr>
          <th scope="col">Server</th>
          <th scope="col">Weight now</th>
          <th scope="col">Weight then</th>
        </tr>
      </thead>
      <tbody>
        ${touched.map(
          ({ name, weight }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${weight}</td>
              <td>${after(weight)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The forms for a server or a host. */
export function changePage(look: Look, name: string, { formToken }: PageContext): Page {
  const target = readTarget(name);
  const touched = touchedBy(look, target);
  if (formToken === undefined || touched.length === 0) throw new ValueError(`there is no server ${printable(name)}`);
  const form = (what: keyof typeof titles, more: Html): Html =>
    html`<form method="post" action="/change">
      ${hidden('token', formToken)}${hidden('server', name)}${hidden('what', what)}
      <fieldset>
        <legend>${titles[what]} ${name}</legend>
        ${more}
      </fieldset>
    </form>`;
  const one = touched.length === 1 ? String(touched[0]?.weight) : '';
  const body = html`${touchedTable(touched, () => '')}
  ${form(
    'drain',
    html`<p>No new connections; those that are open go on.</p>
      <label>Reason <input name="reason" maxlength="${longestReason}" autocomplete="off" /></label
      ><button>Drain ...</button>`,
  )}
  ${form(
    'undrain',
    html`<p>With the weight that it had.</p>
      <button>Put back ...</button>`,
  )}
  ${form(
    'weight',
    html`<p>Its share of new connections among the servers of its service.</p>
      <label>Weight <input name="weight" inputmode="numeric" size="10" value="${one}" required /></label
      ><button>Set ...</button>`,
  )}`;
  return { title: describe(target, name), body };
}

function describe({ service, address, port, family }: ServerName, name: string): string {
  if (service !== undefined) return name;
  return port === undefined ? address : describeEndpoint({ family, address, port });
}

/** What would be done, to be confirmed. @param changed what was seen before, where it is otherwise by now. */
export function previewPage(look: Look, asked: AskedChange, { formToken }: PageContext, changed?: string): Page {
  const touched = touchedBy(look, asked.target);
  if (touched.length === 0) throw new ValueError(`there is no server ${printable(asked.name)}`);
  const then = (): string => {
    if (asked.what === 'drain') return '0';
    return asked.what === 'weight' ? String(asked.weight) : 'as before the drain';
  };
  const body = html`${
      changed === undefined
        ? ''
        : html`<div class="note bad" role="alert">
            <p>Somebody has changed it meanwhile, nothing was done. You saw:</p>
            <pre>${changed}</pre>
          </div>`
    }${touchedTable(touched, then)}
    <p>The same on a command line:</p>
    <pre>${commandOf(asked)}</pre>
    <form method="post" action="/change">
      ${hidden('token', formToken ?? '')}${hidden('server', asked.name)}${hidden('what', asked.what)}${hidden(
        'weight',
        asked.weight === undefined ? '' : String(asked.weight),
      )}${hidden('reason', asked.reason ?? '')}${hidden('seen', weightsText(touched))}${hidden('confirm', 'yes')}<button>
        Do it
      </button>
      <a href="/change?server=${encodeURIComponent(asked.name)}">Back</a>
    </form>`;
  return { title: `${titles[asked.what]} ${asked.name}`, body };
}

/** What was done, and how to undo it. */
export function donePage(asked: AskedChange, told: string, { formToken }: PageContext): Page {
  const undo =
    asked.what === 'drain'
      ? html`<form method="post" action="/change">
          ${hidden('token', formToken ?? '')}${hidden('server', asked.name)}${hidden('what', 'undrain')}<button>
            Put it back ...
          </button>
        </form>`
      : html`<p>
          Back: <code>ipvsadm undo</code>, or the page of
          <a href="/change?server=${encodeURIComponent(asked.name)}">${asked.name}</a>.
        </p>`;
  const body = html`<p class="note good" role="status">${told}</p>
    ${undo}
    <p><a href="/">Services</a> <a href="/hosts">Hosts</a></p>`;
  return { title: 'Done', body };
}
