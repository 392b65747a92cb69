import { reportFailures } from '../command/failure.js';
import { connect } from '../command/connect.js';
import { sayUnprivileged, tableForAll } from '../command/session.js';
import { readMetrics } from '../command/read-metrics.js';
import { writeAll } from '../command/write-all.js';
import {
  countSeries,
  formatMetrics,
  formatNoMetrics,
  metricNames,
  serverLabels,
  type MetricsReading,
  type MetricsStyle,
  type ServerLabel,
} from '../format/metrics.js';
import type { Io } from '../ports/io.js';
import { defineVerb } from './verb.js';

interface MetricsOptions extends Omit<MetricsStyle, 'openMetrics'> {
  openmetrics: boolean;
  connections: boolean;
  dryRun: boolean;
}

/** Exit status of an answer with gaps, as that of a listing. */
const incomplete = 1;

function readLabels(list: string | undefined): readonly ServerLabel[] | undefined {
  if (list === undefined) return undefined;
  const words = list.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => !serverLabels.some((label) => label === word));
  if (unknown !== undefined) throw new Error(`--server-labels takes ${serverLabels.join(', ')}, not ${unknown}`);
  return serverLabels.filter((label) => words.includes(label));
}

/** `ipvsadm metrics`: the table as metrics, once. */
export const metrics = defineVerb<MetricsOptions>({
  name: 'metrics',
  options: {
    openmetrics: { type: 'boolean', default: false, describe: 'OpenMetrics 1.0 in place of the usual text format' },
    names: {
      choices: metricNames,
      default: 'own',
      describe: 'names of our own, those of node_exporter (node), or both',
    },
    servers: {
      type: 'boolean',
      default: true,
      describe: 'metrics of every real server; --no-servers leaves them out',
    },
    'server-labels': {
      type: 'string',
      requiresArg: true,
      coerce: readLabels,
      describe: 'labels that servers keep, with commas between them; series that agree in these are added up',
    },
    connections: {
      type: 'boolean',
      default: false,
      describe: 'also count connections by protocol and state, which reads the whole connection table',
    },
    'dry-run': { type: 'boolean', default: false, describe: 'show how many series there would be' },
  },
  examples: [
    ['$0 metrics', 'the table as Prometheus reads it'],
    ['$0 metrics >ipvs.prom.new; mv ipvs.prom.new ipvs.prom', "for node_exporter's textfile collector"],
    ['$0 metrics --no-servers --dry-run', 'how many series without those of real servers'],
  ],
  run: (io, { openmetrics, connections, dryRun, ...options }) => {
    const style = { ...options, serverLabels: options.serverLabels, openMetrics: openmetrics };
    return reportFailures(io, 'listing', async () => {
      let status = 0;
      const reading = await readOnce(io, style, connections, dryRun, (message) => {
        status = incomplete;
        return io.stderr.write(`${io.programName}: ${message}\n`);
      });
      await writeAll(io.stdout, dryRun ? seriesLines(reading, style) : formatMetrics(reading, style));
      return status;
    });
  },
});

/** Reads all before anything is written: half an answer would look like a table with less in it. */
async function readOnce(
  io: Io,
  style: MetricsStyle,
  connections: boolean,
  dryRun: boolean,
  onGap: (message: string) => Promise<void>,
): Promise<MetricsReading> {
  try {
    const proc = await tableForAll(io);
    if (proc !== undefined) await sayUnprivileged(io);
    const client = proc ?? (await connect(io.machine));
    try {
      const gaps: string[] = [];
      const reading = await readMetrics({ io, client }, { connections }, ({ message }) => gaps.push(message));
      for (const gap of gaps) await onGap(gap);
      return reading;
    } finally {
      if ('close' in client) client.close();
    }
  } catch (error) {
    // Whoever collects this learns of it, too.
    if (!dryRun) await writeAll(io.stdout, formatNoMetrics(style));
    throw error;
  }
}

function* seriesLines(reading: MetricsReading, style: MetricsStyle): Generator<string> {
  let total = 0;
  for (const [name, count] of countSeries(reading, style)) {
    total += count;
    yield `${name} ${count}\n`;
  }
  yield `total ${total}\n`;
}
