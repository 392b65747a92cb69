import { keyJson, type JsonObject } from '../format/json.js';
import type { RealServerFacts } from './facts.js';
import type { Finding, Subject } from './finding.js';
import type { CheckResult, Report } from './report.js';

/** A report for programs, by stable names. `realServer`: what was examined; undefined: a director. */
export function reportJson(report: Report, realServer: RealServerFacts | undefined): JsonObject {
  return {
    role: realServer === undefined ? 'director' : 'real-server',
    realServer: realServer === undefined ? undefined : realServerJson(realServer),
    result: report.result,
    checks: report.checks.map(checkJson),
  };
}

function realServerJson(facts: RealServerFacts): JsonObject {
  const { vip, forwarding, protocol, ports, director, tunnel } = facts;
  return {
    address: vip,
    forwarding,
    tunnel: forwarding === 'tunneling' ? tunnel : undefined,
    protocol,
    ports,
    director,
  };
}

function checkJson({ id, title, result, findings }: CheckResult): JsonObject {
  return { id, title, result, findings: findings.map(findingJson) };
}

function findingJson({ severity, subject, found, why, fixes }: Finding): JsonObject {
  return {
    severity,
    subject: subjectJson(subject),
    found,
    why: why === '' ? undefined : why,
    fixes: fixes.map(({ how, commands }) => ({ how, commands })),
  };
}

function subjectJson(subject: Subject): JsonObject {
  const { label, service, server, interface: name, address, syncDaemon } = subject;
  return {
    label,
    service: service === undefined ? undefined : keyJson(service),
    server: server === undefined ? undefined : { address: server.address, port: server.port, family: server.family },
    interface: name,
    address,
    syncDaemon,
  };
}
