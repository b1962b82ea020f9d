// The page's side of transfers.ts.

/** Bytes of one request: what is copied on its way at a time. */
const pieceBytes = 2 ** 23;

/** Sends bytes to Node in pieces, each when the one before has arrived. */
export async function sendBytes(
  path: string,
  id: string,
  bytes: Uint8Array<ArrayBuffer>,
  piece = pieceBytes,
): Promise<void> {
  const of = bytes.length;
  for (let at = 0; at === 0 || at < of; at += piece) {
    const body = bytes.subarray(at, at + piece);
    const response = await fetch(`${path}${id}?at=${at}&of=${of}`, { method: 'POST', body });
    if (!response.ok) throw new Error(`sending ${of} bytes from ${at} on: HTTP ${response.status}`);
  }
}

/** Fetches bytes that Node offers. */
export async function fetchBytes(
  path: string,
  id: string,
  sizeBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`${path}${id}`);
  if (!response.ok || response.body === null)
    throw new Error(`fetching ${sizeBytes} bytes: HTTP ${response.status}`);
  const bytes = new Uint8Array(sizeBytes);
  let received = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes.set(part.value, received);
    received += part.value.length;
  }
  if (received !== sizeBytes) throw new Error(`fetching ${sizeBytes} bytes: ended after ${received}`);
  return bytes;
}
