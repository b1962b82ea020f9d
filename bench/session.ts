import type { SelfTest } from './page/self-test.ts';
import type { ListedGroup, ListRequest, MeasureRequest, MeasureResult, Opened } from './protocol.ts';

/** What measures: the page of the harness in headless Chrome, or Node. */
export interface Session {
  readonly browser: string;
  readonly opened: Opened;
  /** @throws UserError with the page's message */
  list(request: ListRequest): Promise<readonly ListedGroup[]>;
  /** @throws Error with the page's message, or saying that the browser ended or the page crashed. */
  measure(request: MeasureRequest, onRound: (done: number, planned: number) => void): Promise<MeasureResult>;
  /** The harness on itself: see page/self-test.ts. */
  selfTest(groups: number): Promise<SelfTest>;
  /** Ends the measurement in progress after its current round. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** A page's error without the class and the stack that puppeteer puts around its message. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^\w*Error: /, '')
    .replace(/(\n\s*(at |async )?\S* ?\(?http:\/\/\S+)+\)?$/, '');
