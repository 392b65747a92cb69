// Looks in, pages out; pure.

import type { ServerView, ServiceView } from '../director/snapshot.js';
import { settingsText } from '../format/service-text.js';
import { forwardingAliases, type ForwardingMethod } from '../model/server.js';
import { describeEndpoint } from '../model/service.js';
import type { MeteredServer, MeteredService } from '../table/samples.js';
import { counted } from '../text/counted.js';
import {
  absentServers,
  absentState,
  barWidth,
  cellsOf,
  hostReadings,
  rateText,
  serviceViews,
  totalCells,
  type Cells,
} from './cells.js';
import { chart } from './chart.js';
import { html, type Html } from './html.js';
import { chartSeconds, type Look } from './sampler.js';
import { foundServices, overviewQuery, servicesOf, servicesOfPage, viewQuery, type View } from './view.js';

/** What pages have in common. */
export interface PageContext {
  /** Name of the machine. */
  readonly host: string;
  /** Undefined: nothing can be changed. */
  readonly formToken: string | undefined;
  /** Whether there is a document whose difference to the table is shown. */
  readonly hasDocument: boolean;
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

/** Only where there is a document to compare with. */
const documentPlace = ['/document', 'Document'] as const;

/** The whole document of a page. @param path the place that it is; undefined: who asks may go nowhere. */
export function documentOf({ title, body, events }: Page, path: string | undefined, context: PageContext): string {
  const { host, seconds, version } = context;
  const isLive = events !== undefined;
  const link = ([to, name]: (typeof places)[number]): Html =>
    html`<a href="${to}"${to === path && html` aria-current="page"`}>${name}</a>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - ${host}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
${
  isLive &&
  html`<noscript><meta http-equiv="refresh" content="${seconds}"></noscript>
<script src="/live.js" defer></script>`
}
</head>
<body${isLive && html` data-events="${events}" data-seconds="${seconds}"`}>
<a class="skip" href="#main">To the content</a>
<header>
<span class="host">${host}</span>
${path !== undefined && html`<nav aria-label="Pages">${[...places, ...(context.hasDocument ? [documentPlace] : [])].map(link)}</nav>`}
${isLive && html`<span class="live"><span id="state" role="status"></span><button type="button" id="pause" hidden>Pause</button></span>`}
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${body}
</main>
<footer>ipvsadm for Node.js ${version}. Numbers are the kernel's.</footer>
</body>
</html>
`.text;
}

/** A cell that events change. */
function cell(cells: Cells, name: string, column: string): Html {
  const key = `${name} ${column}`;
  return html`<td data-k="${key}">${cells.get(key)}</td>`;
}

/** A state that events change, with its colour. @param tag that of the element. */
function state(cells: Cells, name: string, tag: 'td' | 'span'): Html {
  const tone = cells.get(`${name} tone`) ?? '';
  const words = `state${tone === '' ? '' : ` ${tone}`}`;
  const rest = html` class="${words}" data-c="${name} tone" data-k="${name} state">${cells.get(`${name} state`)}`;
  return tag === 'td' ? html`<td${rest}</td>` : html`<span${rest}</span>`;
}

function problems(cells: Cells): Html {
  return html`<p class="note bad" data-k="problems">${cells.get('problems')}</p>`;
}

/** Where the events of a look at a view come from. */
function eventsOf(number: number, view: View): string {
  const query = viewQuery(view);
  query.set('n', String(number));
  return `/events?${query.toString()}`;
}

/** The whole table. */
export function overviewPage(look: Look, view: View & { readonly kind: 'services' }, context: PageContext): Page {
  const { reading, number } = look;
  const cells = cellsOf(look, view);
  const found = foundServices(reading, view.find).length;
  const shown = servicesOf(reading, view);
  const states = serviceViews(look);
  const total = ([column, title, text]: readonly [string, string, string]): Html =>
    html`<div><dt>${title}</dt><dd data-k="total ${column}">${text}</dd></div>`;
  const nothing = reading.services.length === 0 ? 'There are no virtual services.' : 'Nothing matches.';
  const body = html`${problems(cells)}
<dl class="totals">${totalCells(reading).map(total)}</dl>
<form method="get" action="/" class="row" role="search">
<label>Find <input type="search" name="find" value="${view.find}" placeholder="address or port" autocomplete="off"></label>
<button>Find</button>
${view.find !== '' && html`<a href="/">All</a>`}
</form>
${context.editToken !== undefined && html`<p><a href="/edit">New service ...</a></p>`}
${shown.length === 0 && html`<p>${nothing}</p>`}
${shown.map((service) => serviceSection(service, cells, states.get(service.name), context))}
${otherPages(found, view)}`;
  return { title: 'Services', body, events: eventsOf(number, view) };
}

function otherPages(count: number, { from, find }: View & { readonly kind: 'services' }): Html | false {
  if (count <= servicesOfPage) return false;
  const to = (first: number, text: string): Html =>
    html` <a href="/?${overviewQuery(first, find).toString()}">${text}</a>`;
  const last = Math.min(count, from + servicesOfPage);
  return html`<nav class="row" aria-label="More services"><span>${from + 1} to ${last} of ${counted(count, 'service')}</span>${
    from > 0 && to(Math.max(0, from - servicesOfPage), 'Before')
  }${last < count && to(last, 'After')}</nav>`;
}

function serviceSection(
  service: MeteredService,
  cells: Cells,
  view: ServiceView | undefined,
  context: PageContext,
): Html {
  const { name } = service;
  return html`<section>
<h2><a href="/service?${new URLSearchParams({ name }).toString()}">${name}</a></h2>
${serviceTable(service, cells, view, context)}
</section>`;
}

/** Columns of numbers that services have, too. */
const numbers = ['new', 'active', 'inactive', 'in', 'out'] as const;

function serviceTable(
  metered: MeteredService,
  cells: Cells,
  view: ServiceView | undefined,
  context: PageContext,
): Html {
  const { name, service, servers } = metered;
  const hasLimits = servers.some(({ server }) => server.upperThreshold > 0);
  const columns = [
    'Weight',
    'Share',
    'New/s',
    'Active',
    'Inactive',
    'In B/s',
    'Out B/s',
    ...(hasLimits ? ['Limits'] : []),
  ];
  return html`<p class="about"><span>${settingsText(service)}</span> ${state(cells, name, 'span')}</p>
<div class="wide" role="region" aria-label="Servers of ${name}" tabindex="0">
<table class="full">
<thead><tr><th scope="col">Server</th><th scope="col" class="text">State</th>${columns.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${servers.map((one) => serverRow(one, name, cells, hasLimits, context))}${absentServers(metered, view).map((one) => absentRow(one, name, cells, columns.length))}</tbody>
<tfoot><tr><th scope="row">All</th><td></td><td></td><td></td>${numbers.map((column) => cell(cells, name, column))}${hasLimits && html`<td></td>`}</tr></tfoot>
</table>
</div>`;
}

/** A link to the forms for a server or host, where something can be changed. */
function changeLink(name: string, text: string, label: string, { formToken }: PageContext): Html | string {
  if (formToken === undefined) return text;
  const query = new URLSearchParams({ server: name }).toString();
  return html`<a href="/change?${query}" aria-label="Change ${label}">${text}</a>`;
}

function serverRow(
  { name, server }: MeteredServer,
  service: string,
  cells: Cells,
  hasLimits: boolean,
  context: PageContext,
): Html {
  const { upperThreshold: upper, lowerThreshold: lower } = server;
  const endpoint = describeEndpoint(server);
  const at = (column: string): string | undefined => cells.get(`${name} ${column}`);
  const part = (column: string): Html => html`<span data-k="${name} ${column}">${at(column)}</span>`;
  // The kernel's own rule, where no lower limit is set.
  const limits = upper === 0 ? '' : `${lower === 0 ? Math.floor((upper * 3) / 4) : lower} - ${upper}`;
  return html`<tr><th scope="row">${changeLink(name, endpoint, `${endpoint} of ${service}`, context)} <small>${forwardingWord(server.forwarding)}</small></th>
${state(cells, name, 'td')}${cell(cells, name, 'weight')}
<td><svg class="bar" viewBox="0 0 ${barWidth} 12" preserveAspectRatio="none" aria-hidden="true"><rect class="a" height="12" width="${at('weightbar')}" data-w="${name} weightbar"/><rect class="b" y="3" height="6" width="${at('bar')}" data-w="${name} bar"/></svg>
${part('share')} <small>of ${part('weightshare')}</small></td>
${numbers.map((column) => cell(cells, name, column))}${hasLimits && html`<td>${limits}</td>`}</tr>
`;
}

/** As LVS calls them in short. */
function forwardingWord(method: ForwardingMethod): string {
  const short = (['nat', 'dr', 'tun'] as const).find((word) => forwardingAliases[word] === method);
  return short ?? method;
}

function absentRow(view: ServerView, service: string, cells: Cells, columns: number): Html {
  const { server } = view;
  const { text } = absentState(view);
  return html`<tr><th scope="row">${server.slice(service.length + 1)}</th>
${cells.has(`${server} state`) ? state(cells, server, 'td') : html`<td class="state bad">${text}</td>`}<td>-</td>
<td colspan="${columns - 1}"></td></tr>
`;
}

/** One service, with its last ten minutes. */
export function servicePage(look: Look, name: string, context: PageContext): Page | undefined {
  const view: View = { kind: 'service', name };
  const [service] = servicesOf(look.reading, view);
  if (service === undefined) return undefined;
  const cells = cellsOf(look, view);
  const connections = new URLSearchParams({ virtual: name }).toString();
  const body = html`${problems(cells)}
${serviceTable(service, cells, serviceViews(look).get(name), context)}
<h2>New connections a second in the last ${chartSeconds / 60} minutes</h2>
${chart(service, look.at, chartSeconds, `Now ${rateText(service.rates, 'connections')}`)}
<p class="dim">Where there is no line nobody has watched: nothing is counted then.</p>
${editLinks(name, look, context)}
<p><a href="/connections?${connections}">Who is connected to it</a></p>`;
  return { title: name, body, events: eventsOf(look.number, view) };
}

/** Where a service and its servers are edited. */
function editLinks(name: string, { reading }: Look, { editToken }: PageContext): Html | false {
  if (editToken === undefined) return false;
  const link = (server: string, text: string): Html =>
    html`<a href="/edit?${new URLSearchParams({ service: name, ...(server === '' ? {} : { server }) }).toString()}">${text} ...</a>`;
  const servers = reading.services.find((one) => one.name === name)?.servers ?? [];
  return html`<h2>Edit</h2>
<p>${link('', 'The service')} ${link('new', 'A new server')}</p>
<ul>${servers.map((one) => html`<li>${link(one.name, describeEndpoint(one.server))}</li>`)}</ul>`;
}

/** All hosts that are real servers: what they serve, and the place to take them out. */
export function hostsPage(look: Look, context: PageContext): Page {
  const view: View = { kind: 'hosts' };
  const cells = cellsOf(look, view);
  const hosts = hostReadings(look).map(({ address }) => address);
  const row = (address: string): Html =>
    html`<tr><th scope="row">${changeLink(address, address, address, context)}</th>${state(cells, address, 'td')}${['active', 'weighted', 'services'].map((column) => cell(cells, address, column))}</tr>
`;
  const body = html`${problems(cells)}
<p>Hosts with the services that they are real servers of.${
    context.formToken !== undefined && ' Choose one to take it out of all of them, or to put it back.'
  }</p>
${hosts.length === 0 && html`<p>There are no real servers.</p>`}
${
  hosts.length > 0 &&
  html`<div class="wide fit" role="region" aria-label="Hosts" tabindex="0">
<table>
<thead><tr><th scope="col">Host</th><th scope="col" class="text">State</th><th scope="col">Active</th><th scope="col">With weight</th><th scope="col">Services</th></tr></thead>
<tbody>
${hosts.map(row)}</tbody>
</table>
</div>`
}`;
  return { title: 'Hosts', body, events: eventsOf(look.number, view) };
}

/** Text of a verb, as it prints it. */
export function textBox(text: string, label: string): Html {
  return html`<pre role="region" aria-label="${label}" tabindex="0">${text
    .trimEnd()
    .split('\n')
    .map(
      (line) => html`${line}
`,
    )}</pre>`;
}

/** Something that went wrong, or is not there. */
export function messagePage(title: string, text: string): Page {
  return { title, body: html`<p class="note bad" role="alert">${text}</p>` };
}
