import type { Io } from '../ports/io.js';
import { keyJson, serverKeyJson, type JsonObject } from '../format/json.js';
import { Meter, readSample, type Rates, type SampleClient } from '../table/samples.js';
import { readClients } from './top-clients.js';
import { plainTable, type TopState } from './top-frame.js';
import type { TopData } from './top-rows.js';

/** How tables are written one after the other. */
export interface BatchOptions {
  readonly io: Io;
  readonly client: SampleClient;
  readonly state: TopState;
  readonly json: boolean;
  /** How many; 0: until a signal comes. */
  readonly count: number;
}

/** Writes tables, each of two samples: the table and what changed in the interval. @returns the exit status. */
export async function runTopBatch({ io, client, state, json, count }: BatchOptions): Promise<number> {
  const { clock } = io.machine;
  const ending = new AbortController();
  const unsubscribe = io.machine.onSignal(() => {
    ending.abort();
  });
  const meter = new Meter();
  try {
    await meter.add(await readSample(client, clock));
    for (let made = 0; count === 0 || made < count; made++) {
      await clock.sleep(state.interval * 1000, ending.signal);
      if (ending.signal.aborted) break;
      const reading = await meter.add(await readSample(client, clock));
      const data: TopData = { reading, ...(state.view === 'clients' ? await readClients(io) : {}) };
      const text = json ? `${jsonLine(data)}\n` : `${made === 0 ? '' : '\n'}${plainTable(data, state)}`;
      await io.stdout.write(text);
      if (io.stdout.readerGone) break;
    }
  } finally {
    unsubscribe();
  }
  return 0;
}

/** Rates of the interval by the names of `-L --rate --json`, as numbers with a fraction. */
function ratesJson(rates: Rates | undefined): JsonObject {
  if (rates === undefined) return {};
  const rounded = (value: number): number => Number(value.toFixed(3));
  return {
    rates: {
      connectionRate: rounded(rates.connections),
      incomingPacketRate: rounded(rates.incomingPackets),
      outgoingPacketRate: rounded(rates.outgoingPackets),
      incomingByteRate: rounded(rates.incomingBytes),
      outgoingByteRate: rounded(rates.outgoingBytes),
    },
  };
}

function shareJson(share: number | undefined): number | undefined {
  return share === undefined ? undefined : Number(share.toFixed(6));
}

/** A reading on a line. */
function jsonLine({ reading, clients, totals }: TopData): string {
  const described: JsonObject = {
    seconds: reading.seconds === undefined ? undefined : Number(reading.seconds.toFixed(3)),
    ...ratesJson(reading.rates),
    activeConnections: reading.activeConnections,
    inactiveConnections: reading.inactiveConnections,
    services: reading.services.map(({ service, servers, name, rates, activeConnections, inactiveConnections }) => ({
      name,
      ...keyJson(service.key),
      scheduler: service.scheduler,
      activeConnections,
      inactiveConnections,
      ...ratesJson(rates),
      servers: servers.map((one) => ({
        name: one.name,
        ...serverKeyJson(one.server),
        forwarding: one.server.forwarding,
        weight: one.server.weight,
        activeConnections: one.server.activeConnections,
        inactiveConnections: one.server.inactiveConnections,
        persistentConnections: one.server.persistentConnections,
        ...ratesJson(one.rates),
        share: shareJson(one.share),
        weightShare: shareJson(one.weightShare),
      })),
    })),
    connections: totals?.connections,
    clients: clients?.map((client) => ({ ...client })),
  };
  // Members that are undefined are left out by both; no number here is beyond 2^53.
  return JSON.stringify(described);
}
