import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

const GIB = 1_024 ** 3;

/** What a benchmark ran on, as its section says it. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return [
    `${availableParallelism()} cores (${model})`,
    `${Math.round(totalmem() / GIB)} GB`,
    `${process.platform} ${process.arch}`,
    `Node.js ${process.version}`,
  ].join(', ');
}

/** How much else ran on the machine: the load of the last minute for each core. */
export function load(): string {
  return ((loadavg()[0] ?? 0) / availableParallelism()).toFixed(1);
}
