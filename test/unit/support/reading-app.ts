// A web page that only reads, over whatever its sampler sees.

import { WebApp } from '../../../src/web/app.js';
import { localHosts } from '../../../src/web/guard.js';
import type { Sampler } from '../../../src/web/sampler.js';
import type { Sessions } from '../../../src/web/sessions.js';

/** A page without changes, for this machine's own names. */
export function readingApp(sampler: Sampler, sessions: Sessions): WebApp {
  return new WebApp({
    sampler,
    sessions,
    sources: {
      doctor: () => Promise.resolve('all is well\nreally'),
      connections: () => Promise.resolve(''),
      metrics: () => Promise.resolve({ text: 'ipvs_up 1\n', type: 'text/plain' }),
      table: () => Promise.resolve('{}'),
    },
    actions: undefined,
    edits: undefined,
    hosts: localHosts,
    host: 'director',
    isSecure: false,
    seconds: 2,
    audit: () => undefined,
    date: () => '',
  });
}
