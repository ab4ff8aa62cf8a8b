import type { LocalResponse } from '../../src/local/http.ts';
import type { Parcel } from './carrier.ts';
import type { Trace } from './trace.ts';

/** An automation or a command that Systems Manager has begun, as it was asked for. */
export interface BegunAction {
  at: number;
  kind: 'automation' | 'command';
  /** Of the automation execution, or of the command. */
  id: string;
  accountId: string;
  /** What the plan of the run called it: see {@link drawPlans}. */
  marker: string;
  executionId: string;
  /** What the document was told; undefined for a command. */
  isDrill?: boolean;
  /** As Systems Manager told it last; undefined while nobody asked. */
  status?: string;
}

interface StartInput {
  Parameters?: Record<string, string[]>;
}

/** Stands at the door of Systems Manager and writes down what begins there, and what it tells of it. */
export class BegunActions {
  readonly all: BegunAction[] = [];
  readonly #now: () => number;
  readonly #trace: Trace;
  readonly #accountOf: (authorization: string | undefined) => string;

  constructor(options: { now: () => number; trace: Trace; accountOf: (authorization: string | undefined) => string }) {
    this.#now = options.now;
    this.#trace = options.trace;
    this.#accountOf = options.accountOf;
  }

  async watch(parcel: Parcel, deliver: (parcel: Parcel) => Promise<LocalResponse>): Promise<LocalResponse> {
    const response = await deliver(parcel);
    if (parcel.service !== 'ssm' || response.status !== 200) return response;
    switch (parcel.action) {
      case 'StartAutomationExecution':
        this.#noteAutomation(parcel, response);
        break;
      case 'SendCommand':
        this.#noteCommand(parcel, response);
        break;
      case 'GetAutomationExecution': {
        const { AutomationExecution: told } = bodyOf<{ AutomationExecution: Record<string, unknown> }>(response);
        const begun = this.all.find(({ id }) => id === told.AutomationExecutionId);
        if (begun !== undefined) begun.status = String(told.AutomationExecutionStatus);
        break;
      }
    }
    return response;
  }

  /** With a token that is known nothing begins: the answer is the automation that runs already. */
  #noteAutomation({ request }: Parcel, response: LocalResponse): void {
    const { AutomationExecutionId: id } = bodyOf<{ AutomationExecutionId: string }>(response);
    if (this.all.some((one) => one.id === id)) return;
    const { Parameters = {} } = JSON.parse(request.body.toString('utf8')) as StartInput;
    this.#note({
      at: this.#now(),
      kind: 'automation',
      id,
      accountId: this.#accountOf(request.headers.authorization),
      marker: Parameters.Application?.[0] ?? '',
      executionId: Parameters.ExecutionId?.[0] ?? '',
      isDrill: Parameters.IsDrill?.[0] === 'true',
    });
  }

  #noteCommand({ request }: Parcel, response: LocalResponse): void {
    const { Command } = bodyOf<{ Command: { CommandId: string } }>(response);
    const { Parameters = {} } = JSON.parse(request.body.toString('utf8')) as StartInput;
    const [, marker = '', executionId = ''] = /^echo (.*) of (\S+)$/.exec(Parameters.commands?.[0] ?? '') ?? [];
    this.#note({
      at: this.#now(),
      kind: 'command',
      id: Command.CommandId,
      accountId: this.#accountOf(request.headers.authorization),
      marker,
      executionId,
    });
  }

  #note(begun: BegunAction): void {
    this.#trace.note('SSM', `${begun.kind} ${begun.marker} of ${begun.executionId.slice(0, 8)} begins`);
    this.all.push(begun);
  }
}

function bodyOf<T>(response: LocalResponse): T {
  return JSON.parse(String(response.body ?? '{}')) as T;
}
