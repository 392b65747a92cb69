import { inKernelCheck, kernelChecks } from './checks/kernel.js';
import { realServerChecks } from './checks/real-server.js';
import { routingChecks } from './checks/routing.js';
import { serviceChecks } from './checks/services.js';
import type { DirectorFacts } from './facts.js';
import type { Check } from './finding.js';

/** The checks of a director, in the order of the report. */
export const directorChecks: readonly Check<DirectorFacts>[] = [
  inKernelCheck,
  ...serviceChecks,
  ...routingChecks,
  ...kernelChecks,
];

export { realServerChecks };
