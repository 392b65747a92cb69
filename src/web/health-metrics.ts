// What daemons know, as families of Prometheus' text format; pure.

import { serverStates } from '../health/server-health.js';
import type { ServerView, Snapshot } from '../director/snapshot.js';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: (snapshot: Snapshot) => Iterable<Line>;
}

// Not `instance`: that is what Prometheus calls who was asked.
type Line = readonly [labels: Readonly<Record<string, string>>, value: number];

function* ofServers(
  { instance, services }: Snapshot,
  lines: (server: ServerView) => Iterable<readonly [more: Readonly<Record<string, string>>, value: number]>,
): Generator<Line> {
  for (const { service, servers } of services) {
    for (const server of servers) {
      const name = server.server.slice(service.length + 1);
      for (const [more, value] of lines(server)) yield [{ daemon: instance, service, server: name, ...more }, value];
    }
  }
}

const truth = (value: boolean): number => (value ? 1 : 0);

const families: readonly Family[] = [
  {
    name: 'ipvs_server_state',
    help: 'State of a real server that is checked: 1 for the one that it is in.',
    samples: (snapshot) =>
      ofServers(snapshot, ({ state }) => serverStates.map((one) => [{ state: one }, truth(one === state)] as const)),
  },
  {
    name: 'ipvs_server_weight_configured',
    help: 'Weight of a real server in the document.',
    samples: (snapshot) => ofServers(snapshot, ({ weight }) => [[{}, weight]]),
  },
  {
    name: 'ipvs_server_drained_by_operator',
    help: 'Whether an operator has taken a real server out.',
    samples: (snapshot) => ofServers(snapshot, ({ drained }) => [[{}, truth(drained !== null)]]),
  },
  {
    name: 'ipvs_check_last_duration_seconds',
    help: 'How long the last check took.',
    samples: (snapshot) =>
      ofServers(snapshot, ({ checks }) =>
        checks.flatMap(({ check, milliseconds }) =>
          milliseconds === null ? [] : [[{ check }, milliseconds / 1000] as const],
        ),
      ),
  },
  {
    name: 'ipvs_check_tls_not_after_seconds',
    help: 'When the certificate that a check was shown ends, in seconds since 1970.',
    samples: (snapshot) =>
      ofServers(snapshot, ({ checks }) =>
        checks.flatMap(({ check, certificateEnds }) =>
          certificateEnds === null ? [] : [[{ check }, Date.parse(certificateEnds) / 1000] as const],
        ),
      ),
  },
  {
    name: 'ipvs_service_healthy',
    help: 'Healthy real servers of a service.',
    samples: function* ({ instance, services }) {
      for (const { service, healthy } of services) yield [{ daemon: instance, service }, healthy];
    },
  },
  {
    name: 'ipvs_service_fail_open',
    help: 'Whether servers that did not answer get connections for want of healthy ones.',
    samples: function* ({ instance, services }) {
      for (const { service, serving } of services) yield [{ daemon: instance, service }, truth(serving === 'open')];
    },
  },
  {
    name: 'ipvs_service_sorry',
    help: 'Whether the sorry server has taken over.',
    samples: function* ({ instance, services }) {
      for (const { service, serving } of services) yield [{ daemon: instance, service }, truth(serving === 'sorry')];
    },
  },
  {
    name: 'ipvs_config_reload_success',
    help: 'Whether the document was taken when it was read last.',
    samples: ({ instance, problem }) => [[{ daemon: instance }, truth(problem === null)]],
  },
  {
    name: 'ipvs_config_reload_timestamp_seconds',
    help: 'When a document was taken last, in seconds since 1970.',
    samples: ({ instance, loaded }) => [[{ daemon: instance }, Date.parse(loaded) / 1000]],
  },
];

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))}"`,
  );
  return `{${pairs.join(',')}}`;
}

/** The families about health; nothing where no daemon runs. */
export function* healthMetrics(snapshots: readonly Snapshot[]): Generator<string> {
  for (const { name, help, samples } of families) {
    let isFirst = true;
    for (const snapshot of snapshots) {
      for (const [labels, value] of samples(snapshot)) {
        if (isFirst) yield `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
        isFirst = false;
        yield `${name}${labelText(labels)} ${value}\n`;
      }
    }
  }
}
