import type { ClickedButton, PageAnswer, TypedText } from './protocol.ts';

/** Sends what a person did to the server; a sentence for them when it did not work. */
async function post(path: string, body: TypedText | ClickedButton): Promise<string | undefined> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { problem } = (await response.json()) as PageAnswer;
    return problem;
  } catch {
    return 'The practice server does not answer. Is it still running?';
  }
}

/** Sends a command, or a message when it does not begin with a slash. */
export function sendText(typed: TypedText): Promise<string | undefined> {
  return post('/page/command', typed);
}

export function sendClick(clicked: ClickedButton): Promise<string | undefined> {
  return post('/page/click', clicked);
}
