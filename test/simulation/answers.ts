import type { LocalResponse } from '../../src/local/http.ts';
import type { Parcel } from './carrier.ts';

/** How a service says that it is asked too often, each in its own protocol. */
export function throttled({ service }: Parcel): LocalResponse {
  switch (service) {
    case 'slack':
      return { status: 429, headers: { 'retry-after': '30' }, body: '' };
    case 'dynamodb':
      return json(400, 'com.amazonaws.dynamodb.v20120810#ThrottlingException');
    case 'drs':
    case 'servicequotas':
      return rest(
        service === 'drs' ? 429 : 400,
        service === 'drs' ? 'ThrottlingException' : 'TooManyRequestsException',
      );
    case 's3':
      return xml(503, '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
    case 'ec2':
      return ec2(503, 'RequestLimitExceeded');
    case 'sts':
    case 'sns':
      return query(400, 'Throttling');
    default:
      return json(400, 'ThrottlingException');
  }
}

/** How a service says that something of its own went wrong. */
export function failed({ service }: Parcel): LocalResponse {
  switch (service) {
    case 'slack':
      return { status: 503, body: 'service unavailable' };
    case 'dynamodb':
      return json(500, 'com.amazonaws.dynamodb.v20120810#InternalServerError');
    case 'drs':
      return rest(500, 'InternalServerException');
    case 's3':
      return xml(500, '<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>');
    case 'ec2':
      return ec2(500, 'InternalError');
    case 'sts':
    case 'sns':
      return query(500, 'InternalFailure');
    default:
      return json(500, 'InternalServerException');
  }
}

/** The connection is closed: the caller cannot know what has become of its request. */
export const noAnswer: LocalResponse = { status: 0, dropConnection: true };

const MESSAGE = 'simulated';

function json(status: number, type: string): LocalResponse {
  const headers = { 'content-type': 'application/x-amz-json-1.0' };
  return { status, headers, body: JSON.stringify({ __type: type, message: MESSAGE }) };
}

function rest(status: number, type: string): LocalResponse {
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': type };
  return { status, headers, body: JSON.stringify({ __type: type, message: MESSAGE }) };
}

function xml(status: number, body: string): LocalResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

function query(status: number, code: string): LocalResponse {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${MESSAGE}</Message></Error>`;
  return xml(status, `<ErrorResponse>${error}<RequestId>simulated</RequestId></ErrorResponse>`);
}

function ec2(status: number, code: string): LocalResponse {
  const error = `<Error><Code>${code}</Code><Message>${MESSAGE}</Message></Error>`;
  return xml(status, `<Response><Errors>${error}</Errors><RequestID>simulated</RequestID></Response>`);
}
