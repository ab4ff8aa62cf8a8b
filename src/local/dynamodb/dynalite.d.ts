declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** dynalite's options, as far as they are used here. Times are in milliseconds. */
  export interface DynaliteOptions {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  /** A server that speaks DynamoDB's protocol and keeps its tables in memory. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
