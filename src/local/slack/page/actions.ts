import type {
  AskedOptions,
  ChangedTime,
  ChosenInView,
  ClickedButton,
  ClickedViewButton,
  ClosedModal,
  OpenedHome,
  PageAnswer,
  SubmittedModal,
  SwitchedFault,
  TypedText,
  UploadedFile,
  UsedShortcut,
} from './protocol.ts';

/** What the server answered; a sentence for the person when it did not work. */
async function post(path: string, body: object): Promise<PageAnswer> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as PageAnswer;
  } catch {
    return { problem: 'The practice server does not answer. Is it still running?' };
  }
}

/** Sends a command, or a message when it does not begin with a slash. */
export async function sendText(typed: TypedText): Promise<string | undefined> {
  return (await post('/page/command', typed)).problem;
}

/** Clicks a button of a message. */
export async function sendClick(clicked: ClickedButton): Promise<string | undefined> {
  return (await post('/page/click', clicked)).problem;
}

/** Submits a modal; it stays open when the answer has a problem or errors. */
export function sendSubmission(submitted: SubmittedModal): Promise<PageAnswer> {
  return post('/page/submit', submitted);
}

/** Opens the app's Home tab, so that the app may publish it. */
export async function sendHomeOpened(opened: OpenedHome): Promise<string | undefined> {
  return (await post('/page/home', opened)).problem;
}

/** Clicks a button of a modal or of App Home. */
export async function sendViewClick(clicked: ClickedViewButton): Promise<string | undefined> {
  return (await post('/page/view-click', clicked)).problem;
}

/** Tells the app what was just chosen in an input of a modal or of App Home. */
export async function sendChoice(chosen: ChosenInView): Promise<string | undefined> {
  return (await post('/page/choose', chosen)).problem;
}

/** Asks the app what a menu offers. */
export function askOptions(asked: AskedOptions): Promise<PageAnswer> {
  return post('/page/suggest', asked);
}

/** Uploads a file for an input of a modal. */
export function sendFile(uploaded: UploadedFile): Promise<PageAnswer> {
  return post('/page/upload', uploaded);
}

/** Uses a global shortcut of the app. */
export async function sendShortcut(used: UsedShortcut): Promise<string | undefined> {
  return (await post('/page/shortcut', used)).problem;
}

/** Closes a modal without submitting it. */
export async function sendClose(closed: ClosedModal): Promise<string | undefined> {
  return (await post('/page/close', closed)).problem;
}

/** Changes how fast the practice runs, or jumps. */
export async function sendTime(changed: ChangedTime): Promise<string | undefined> {
  return (await post('/page/time', changed)).problem;
}

/** Makes something go wrong, or right again. */
export async function sendFault(switched: SwitchedFault): Promise<string | undefined> {
  return (await post('/page/fault', switched)).problem;
}
