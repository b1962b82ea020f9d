// What was dropped on the page, folders included.

/** Hands on the files that are dropped on `target`. Text is left to the field that it is dropped on. */
export function takeDrops(
  target: Pick<EventTarget, 'addEventListener'>,
  take: (files: File[]) => Promise<void>,
): void {
  for (const type of ['dragover', 'drop']) {
    target.addEventListener(type, (event) => {
      const { dataTransfer } = event as DragEvent;
      if (!dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      if (type === 'drop') void droppedFiles(dataTransfer).then(take);
    });
  }
}

/**
 * All files that were dropped. Those in folders have their path where files of a chosen folder have it, in `webkitRelativePath`.
 * To be called while the event is handled: later its entries are gone.
 */
async function droppedFiles({ items, files }: DataTransfer): Promise<File[]> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  // Files that a script made have no entry.
  if (entries.length === 0) return [...files];
  return (await Promise.all(entries.map(filesOf))).flat();
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const found = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    const path = entry.fullPath.slice(1);
    if (path.includes('/')) Object.defineProperty(found, 'webkitRelativePath', { value: path });
    return [found];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FileSystemEntry[] = [];
  // A reader gives its entries in parts, and none when it is through.
  for (let size = -1; size < found.length; ) {
    size = found.length;
    found.push(
      ...(await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))),
    );
  }
  return (await Promise.all(found.map(filesOf))).flat();
}
