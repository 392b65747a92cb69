// Looks in, pages out; pure.

import { serverViews } from '../director/health-notes.js';
import type { ServiceView } from '../director/snapshot.js';
import { settingsText } from '../format/service-text.js';
import { describeEndpoint } from '../model/service.js';
import { hostsOf } from '../plan/selection.js';
import type { MeteredServer, MeteredService } from '../table/samples.js';
import { counted } from '../text/counted.js';
import { barWidth, cellsOf, rateText, shareText, shareWidth, stateOf, totalCells, type Cells } from './cells.js';
import { html, Html } from './html.js';
import { chartSeconds, type Look } from './sampler.js';

/** What pages have in common. */
export interface PageContext {
  /** Name of the machine. */
  readonly host: string;
  /** Undefined: nothing can be changed. */
  readonly formToken: string | undefined;
  /** Undefined: services and servers can't be added, edited and removed. */
  readonly editToken: string | undefined;
  /** Seconds between two pages for those without JavaScript. */
  readonly seconds: number;
  readonly version: string;
}

/** A page. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Where its events come from; undefined: it stands still. */
  readonly events?: string | undefined;
}

const places: readonly (readonly [path: string, title: string])[] = [
  ['/', 'Services'],
  ['/hosts', 'Hosts'],
  ['/connections', 'Connections'],
  ['/doctor', 'Doctor'],
];

/** The whole document of a page. @param path the place that it is. */
export function documentOf({ title, body, events }: Page, path: string, context: PageContext): string {
  const refresh = html`<noscript><meta http-equiv="refresh" content="${context.seconds}" /></noscript>`;
  const live = html`<button type="button" id="live" aria-pressed="false" hidden>Pause</button>`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - ${context.host}</title>
        <link rel="stylesheet" href="/style.css" />
        ${events === undefined ? '' : refresh}
        <script src="/live.js" defer></script>
      </head>
      <body data-events="${events ?? ''}">
        <a class="skip" href="#main">To the content</a>
        <header>
          <strong>${context.host}</strong>
          <nav aria-label="Pages">
            ${places.map(
              ([to, name]) => html`<a href="${to}" ${to === path ? html` aria-current="page"` : ''}>${name}</a> `,
            )}
          </nav>
          ${events === undefined ? '' : live}
        </header>
        <main id="main">
          <h1>${title}</h1>
          ${body}
        </main>
        <footer>ipvsadm for Node.js ${context.version}. Numbers are the kernel's.</footer>
      </body>
    </html> `;
  return page.text;
}

/** A cell that events change. */
function live(cells: Cells, name: string, column: string, className = ''): Html {
  const key = `${name} ${column}`;
  return html`<td${className === '' ? '' : html` class="${className}"`} data-k="${key}">${cells.get(key) ?? ''}</td>`;
}

/** Services on one page. */
const servicesOfPage = 100;

/** The whole table. @param from the number of the first service that is shown. @param find text that is looked for. */
export function overviewPage(look: Look, context: PageContext, from: number, find: string): Page {
  const { reading, number } = look;
  const cells = cellsOf(look);
  const wanted = find.toLowerCase();
  const found = reading.services.filter(
    ({ name, servers }) => wanted === '' || name.includes(wanted) || servers.some((one) => one.name.includes(wanted)),
  );
  const shown = found.slice(from, from + servicesOfPage);
  const states = new Map(look.daemons.flatMap(({ services }) => services.map((one) => [one.service, one] as const)));
  const totals = [
    ['Services', String(reading.services.length)],
    ['Servers', String(reading.servers)],
  ] as const;
  const names: Readonly<Record<string, string>> = {
    new: 'New a second',
    active: 'Active',
    inactive: 'Inactive',
    in: 'Bytes in a second',
    out: 'Bytes out a second',
    quiesced: 'At weight 0',
  };
  const body = html` <dl class="totals">
      ${totals.map(
        ([name, text]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${text}</dd>
          </div>`,
      )}${totalCells(reading).map(
        ([column, text]) =>
          html`<div>
            <dt>${names[column]}</dt>
            <dd data-k="total ${column}">${text}</dd>
          </div>`,
      )}
    </dl>
    <form method="get" action="/">
      <label>Find <input type="search" name="find" value="${find}" autocomplete="off" /></label><button>Find</button>
    </form>
    ${context.editToken === undefined ? '' : html`<p><a href="/edit">New service ...</a></p>`}
    ${shown.length === 0 ? html`<p>${reading.services.length === 0 ? 'No virtual services.' : 'Nothing matches.'}</p>` : ''}
    ${shown.map((service) => serviceTable(service, look, cells, states.get(service.name), context))}
    ${pagesBefore(found.length, from, find)}`;
  return { title: 'Services', body, events: eventsOf(number) };
}

function eventsOf(number: number): string {
  return `/events?n=${number}`;
}

function pagesBefore(count: number, from: number, find: string): Html {
  const to = (first: number, text: string): Html =>
    html`<a href="/?from=${first}&amp;find=${encodeURIComponent(find)}">${text}</a> `;
  if (count <= servicesOfPage) return html``;
  const last = Math.min(count, from + servicesOfPage);
  return html`<p>
    ${from + 1} to ${last} of ${counted(count, 'service')}.
    ${from > 0 ? to(Math.max(0, from - servicesOfPage), 'Before') : ''}${last < count ? to(last, 'After') : ''}
  </p>`;
}

const servingTexts: Readonly<Record<ServiceView['serving'], string>> = {
  normal: '',
  sorry: 'the sorry server has taken over',
  open: 'fails open',
  short: 'too few are healthy',
  closed: 'nobody gets connections',
};

function serviceTable(
  metered: MeteredService,
  { drained, daemons }: Look,
  cells: Cells,
  state: ServiceView | undefined,
  context: PageContext,
): Html {
  const { name, service, servers } = metered;
  const views = serverViews(daemons);
  const isServed = servers.some(({ server }) => server.weight > 0);
  const health =
    state === undefined
      ? ''
      : html`, ${state.healthy} of ${state.counting}
        healthy${state.serving === 'normal' ? '' : html`, <span class="bad">${servingTexts[state.serving]}</span>`}`;
  const out = state?.servers.filter((one) => one.kernelWeight === null) ?? [];
  return html`<div class="wide">
    <table>
      <caption>
        <a href="/service?name=${encodeURIComponent(name)}">${name}</a>
        <small
          >${settingsText(service)}${health}${
            isServed ? '' : html`, <span class="bad">no server takes connections</span>`
          }</small
        >
      </caption>
      <thead>
        <tr>
          <th scope="col">Server</th>
          <th scope="col">Weight</th>
          <th scope="col">Share <small>new of weight</small></th>
          <th scope="col">New/s</th>
          <th scope="col">Active</th>
          <th scope="col">Inactive</th>
          <th scope="col">In B/s</th>
          <th scope="col">Out B/s</th>
          <th scope="col">Limits</th>
          <th scope="col" class="text">State</th>
        </tr>
      </thead>
      <tbody>
        ${servers.map((one) => serverRow(one, metered, cells, stateOf(one.server, service, drained, views.get(one.name)), context))}${out.map(
          ({ server, reason, state: word }) =>
            html`<tr>
              <th scope="row" class="dim">${server.slice(server.indexOf('/') + 1)}</th>
              <td>-</td>
              <td colspan="7"></td>
              <td class="text bad">${word}, not in the table${reason === null ? '' : `: ${reason}`}</td>
            </tr>`,
        )}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">All</th>
          <td></td>
          <td></td>
          ${['new', 'active', 'inactive', 'in', 'out'].map((column) => live(cells, name, column))}
          <td></td>
          <td></td>
        </tr>
      </tfoot>
    </table>
  </div>`;
}

function serverRow(
  { name, server, share, weightShare }: MeteredServer,
  { name: service }: MeteredService,
  cells: Cells,
  { text, tone }: { readonly text: string; readonly tone: string },
  { formToken }: PageContext,
): Html {
  const { upperThreshold: upper, lowerThreshold: lower } = server;
  const endpoint = describeEndpoint(server);
  const label = `${shareText(share)} of new connections, ${shareText(weightShare)} of the weight`;
  const bar = html`<svg class="bar" viewBox="0 0 ${barWidth} 12" role="img" aria-label="${label}">
    <rect class="a" x="0" y="0" height="12" width="${shareWidth(weightShare)}" data-k="${name} weightbar" />
    <rect class="b" x="0" y="3" height="6" width="${shareWidth(share)}" data-k="${name} bar" />
  </svg>`;
  const change =
    formToken === undefined
      ? endpoint
      : html`<a href="/change?server=${encodeURIComponent(name)}" aria-label="Change ${endpoint} of ${service}"
          >${endpoint}</a
        >`;
  return html`<tr>
    <th scope="row">${change} <small class="dim">${server.forwarding}</small></th>
    ${live(cells, name, 'weight')}
    <td>${bar} <span data-k="${name} share">${shareText(share)}</span></td>
    ${['new', 'active', 'inactive', 'in', 'out'].map((column) => live(cells, name, column))}
    <td>${upper === 0 ? '' : `${lower === 0 ? Math.floor((upper * 3) / 4) : lower}/${upper}`}</td>
    ${html`<td class="text ${tone}" data-k="${name} state">${text}</td>`}
  </tr>`;
}

/** One service, with its last ten minutes. */
export function servicePage(look: Look, name: string, context: PageContext): Page | undefined {
  const service = look.reading.services.find((one) => one.name === name);
  if (service === undefined) return undefined;
  const state = look.daemons.flatMap(({ services }) => services).find((one) => one.service === name);
  const body = html`${serviceTable(service, look, cellsOf(look), state, context)}
    <h2>New connections a second, last ${chartSeconds / 60} minutes</h2>
    ${chart(service.history, `New connections a second of ${name}: now ${rateText(service.rates, 'connections')}`)}
    <p class="dim">As long as somebody has watched: nothing is counted while nobody looks.</p>
    ${editLinks(name, look, context)}
    <p><a href="/connections?virtual=${encodeURIComponent(virtualOf(name))}">Who is connected</a></p>`;
  return { title: name, body, events: eventsOf(look.number) };
}

/** Where a service and its servers are edited. */
function editLinks(name: string, { reading }: Look, { editToken }: PageContext): Html {
  if (editToken === undefined) return html``;
  const of = encodeURIComponent(name);
  const servers = reading.services.find((one) => one.name === name)?.servers ?? [];
  return html`<p>
      <a href="/edit?service=${of}">Edit the service ...</a>
      <a href="/edit?service=${of}&amp;server=new">New server ...</a>
    </p>
    <ul>
      ${servers.map(
        (one) =>
          html`<li>
            <a href="/edit?service=${of}&amp;server=${encodeURIComponent(one.name)}"
              >Edit ${describeEndpoint(one.server)} ...</a
            >
          </li>`,
      )}
    </ul>`;
}

/** `ADDRESS:PORT` of the name of a service. */
function virtualOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const chartWidth = 720;
const chartHeight = 140;
const chartMargin = 18;

/** A chart of rates, the latest at the right. */
function chart(history: readonly number[], label: string): Html {
  const highest = Math.max(1, ...history);
  const step = chartWidth / Math.max(1, history.length - 1);
  const points = history
    .map((rate, index) => {
      const y = chartHeight - chartMargin - (rate / highest) * (chartHeight - 2 * chartMargin);
      return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
  return html`<svg class="chart" viewBox="0 0 ${chartWidth} ${chartHeight}" role="img" aria-label="${label}">
    <polyline points="${points}" />
    <text x="6" y="14">${highest.toFixed(1)}/s</text>
    <text x="6" y="${chartHeight - 4}">0</text>
  </svg>`;
}

/** All hosts that are real servers: what they serve, and the place to take them out. */
export function hostsPage(look: Look, context: PageContext): Page {
  const selected = look.reading.services.flatMap(({ service, servers }) =>
    servers.map(({ server }) => ({ key: service.key, server })),
  );
  const views = serverViews(look.daemons);
  const byHost = new Map<
    string,
    { readonly name: string; readonly one: MeteredServer; readonly service: MeteredService }[]
  >();
  for (const service of look.reading.services) {
    for (const one of service.servers) {
      const list = byHost.get(one.server.address) ?? [];
      list.push({ name: one.name, one, service });
      byHost.set(one.server.address, list);
    }
  }
  const rows = hostsOf(selected).map((host) => {
    const list = byHost.get(host) ?? [];
    const out = list.filter(({ one }) => one.server.weight === 0).length;
    const active = list.reduce((sum, { one }) => sum + one.server.activeConnections, 0);
    const states = new Set(
      list.flatMap(({ name, one, service }) => {
        const { text } = stateOf(one.server, service.service, look.drained, views.get(name));
        return text === '' ? [] : [text];
      }),
    );
    return html`<tr>
      <th scope="row">
        ${
          context.formToken === undefined
            ? host
            : html`<a href="/change?server=${encodeURIComponent(host)}" aria-label="Change ${host}">${host}</a>`
        }
      </th>
      <td>${list.length}</td>
      <td>${list.length - out}</td>
      <td>${active}</td>
      <td class="text">${[...states].slice(0, 3).join('; ')}</td>
    </tr>`;
  });
  const body = html`<p>
      Hosts by their address, with all services that they are real servers
      of.${context.formToken === undefined ? '' : ' A host is taken out of all of them at once, and put back.'}
    </p>
    <div class="wide">
      <table>
        <caption>
          ${counted(rows.length, 'host')}
        </caption>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Services</th>
            <th scope="col">With weight</th>
            <th scope="col">Active</th>
            <th scope="col" class="text">State</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
  return { title: 'Hosts', body };
}

/** Something that went wrong, or is not there. */
export function messagePage(title: string, text: string): Page {
  return { title, body: html`<p class="note bad">${text}</p>` };
}
