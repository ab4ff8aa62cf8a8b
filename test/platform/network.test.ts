import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { nodeNetwork } from '../../src/platform/network.ts';

const LOOPBACK = '127.0.0.1';
const never = new AbortController().signal;

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const serving = (answer: RequestListener) => listening(createServer(answer));

it('a request goes to the address that was looked up, for the name that was asked for', async () => {
  const hosts: (string | undefined)[] = [];
  const port = await serving((request, response) => {
    hosts.push(request.headers.host);
    response.writeHead(204).end();
  });
  const url = new URL(`http://hrp.example.com:${port}/health`);
  expect(await nodeNetwork.request(url, LOOPBACK, never)).toBe(204);
  expect(hosts).toEqual([`hrp.example.com:${port}`]);
});

it('a redirect is not followed, and a body that never ends is not waited for', async () => {
  const paths: (string | undefined)[] = [];
  const port = await serving((request, response) => {
    paths.push(request.url);
    response.writeHead(302, { location: '/elsewhere' });
    response.write('x'.repeat(1_000_000));
  });
  expect(await nodeNetwork.request(new URL(`http://hrp.example.com:${port}/`), LOOPBACK, never)).toBe(302);
  expect(paths).toEqual(['/']);
});

it('a request ends with its signal', async () => {
  const port = await serving(() => {});
  const abort = new AbortController();
  const request = nodeNetwork.request(new URL(`http://hrp.example.com:${port}/`), LOOPBACK, abort.signal);
  abort.abort();
  await expect(request).rejects.toThrow('aborted');
});

it('what does not speak TLS is no answer to https', async () => {
  const port = await serving((_, response) => void response.end());
  await expect(nodeNetwork.request(new URL(`https://hrp.example.com:${port}/`), LOOPBACK, never)).rejects.toThrow();
});

it('a port is open, or it is not', async () => {
  const server = createTcpServer((socket) => socket.resume());
  const port = await listening(server);
  await nodeNetwork.connect(LOOPBACK, port, never);
  await new Promise((resolve) => server.close(resolve));
  await expect(nodeNetwork.connect(LOOPBACK, port, never)).rejects.toThrow('ECONNREFUSED');
});

it('an address is its own name', async () => {
  expect(await nodeNetwork.lookup('169.254.169.254')).toEqual(['169.254.169.254']);
});
