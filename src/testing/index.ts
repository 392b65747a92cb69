export { FakeKernel } from './fake-kernel.js';
export type { RefusalName, Traffic } from './memory-table.js';
