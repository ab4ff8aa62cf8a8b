import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';

/**
 * How a function reaches addresses that people name. Addresses are looked up apart from connecting, so that what was
 * checked is what is connected to: a name may mean something else a moment later.
 */
export interface Network {
  /** Every address of a host; of an address itself. @throws when the name is not known */
  lookup(host: string): Promise<string[]>;
  /** GETs a URL at this address of its host; follows nothing, reads no body. The answer is the status. */
  request(url: URL, address: string, signal: AbortSignal): Promise<number>;
  /** Opens a TCP connection and closes it. */
  connect(address: string, port: number, signal: AbortSignal): Promise<void>;
}

/** The network of the place where this runs. Certificates are checked as ever, for the host's name. */
export const nodeNetwork: Network = {
  async lookup(host) {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  },

  request(url, address, signal) {
    const { get } = url.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const request = get(
        url,
        {
          signal,
          agent: false,
          headers: { 'user-agent': 'dr-chatops health check' },
          lookup: (_host, options, done) => {
            const family = address.includes(':') ? 6 : 4;
            if (options.all === true) done(null, [{ address, family }]);
            else done(null, address, family);
          },
        },
        (response) => {
          resolve(response.statusCode ?? 0);
          // What it sends is of no interest, and may never end.
          response.destroy();
        },
      );
      request.on('error', reject);
    });
  },

  connect(host, port, signal) {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, signal });
      socket.once('error', reject);
      socket.once('connect', () => {
        resolve();
        socket.destroy();
      });
    });
  },
};
